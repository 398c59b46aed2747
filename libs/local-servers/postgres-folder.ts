/** The data folder of PostgreSQL: made once, by and for the user that the server runs as. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chown, mkdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { CatenaError } from '../errors/catena-error.ts';
import { startOf } from './process-ledger.ts';

export interface ServerUser {
  readonly uid: number;
  readonly gid: number;
}

const run = promisify(execFile);

/** PostgreSQL refuses to run as root: then it is the user `postgres`. Undefined for everybody else. */
export async function postgresUser(): Promise<ServerUser | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  try {
    const id = async (option: string) => Number((await run('id', [option, 'postgres'])).stdout);
    return { uid: await id('-u'), gid: await id('-g') };
  } catch (cause) {
    throw new CatenaError('servers.not_installed', 'PostgreSQL refuses to run as root, and there is no user postgres', {
      cause,
      remedy: 'install the package postgresql, which makes that user, or start this as an ordinary user',
    });
  }
}

/** The folder with an initialised database. Throws `servers.failed` and `servers.unreachable_folder`. */
export async function preparePostgresFolder(
  folder: string,
  binaries: string,
  user: ServerUser | undefined,
): Promise<string> {
  await mkdir(folder, { recursive: true });
  if (user !== undefined) {
    await requireReachable(dirname(folder));
    await chown(folder, user.uid, user.gid);
  }
  const data = join(folder, 'data');
  if (existsSync(data)) {
    await forgetEndedServer(data);
    return data;
  }
  // Under another name until it is whole: what was interrupted is made again.
  const partial = join(folder, 'data.new');
  await rm(partial, { recursive: true, force: true });
  const args = ['-D', partial, '-U', 'catena', '-A', 'trust', '-E', 'UTF8', '--locale=C'];
  try {
    await run(join(binaries, 'initdb'), args, { cwd: '/', ...user });
  } catch (cause) {
    throw new CatenaError('servers.failed', `initdb failed: ${(cause as Error).message}`, {
      cause,
      remedy: 'see what it said; the folder must be one that the server may write',
    });
  }
  await rename(partial, data);
  return data;
}

/**
 * A server that was killed leaves its lock file. The next one asks the kernel whether that process is still there, and takes
 * one that has ended and that nobody has waited for, as under an init process that reaps no children, for a living one.
 */
async function forgetEndedServer(data: string): Promise<void> {
  const file = join(data, 'postmaster.pid');
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text !== undefined && startOf(Number.parseInt(text, 10)) === undefined) await rm(file, { force: true });
}

const OTHERS_MAY_ENTER = 0o001;

async function requireReachable(folder: string): Promise<void> {
  for (let path = folder; ; path = dirname(path)) {
    if (((await stat(path)).mode & OTHERS_MAY_ENTER) === 0) {
      throw new CatenaError('servers.unreachable_folder', `the user postgres cannot enter ${path}`, {
        data: { folder: path },
        remedy:
          'start this as an ordinary user, or in a folder that others may enter: PostgreSQL refuses to run as root',
      });
    }
    if (dirname(path) === path) return;
  }
}
