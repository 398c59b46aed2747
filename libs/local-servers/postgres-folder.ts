/** Creates the data folder of PostgreSQL once, as the user that the server runs as. */
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

/** PostgreSQL refuses to run as root: then the user `postgres` is used. Undefined for any other user. */
export async function postgresUser(): Promise<ServerUser | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  try {
    const id = async (option: string) => Number((await run('id', [option, 'postgres'])).stdout);
    return { uid: await id('-u'), gid: await id('-g') };
  } catch (cause) {
    throw new CatenaError('servers.not_installed', 'PostgreSQL refuses to run as root, and there is no user postgres', {
      cause,
      remedy: 'install the package postgresql, which creates that user, or start this as an ordinary user',
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
  // Under a temporary name until it is complete, so that an interrupted one is created again.
  const partial = join(folder, 'data.new');
  await rm(partial, { recursive: true, force: true });
  const args = ['-D', partial, '-U', 'catena', '-A', 'trust', '-E', 'UTF8', '--locale=C'];
  try {
    await run(join(binaries, 'initdb'), args, { cwd: '/', ...user });
  } catch (cause) {
    throw new CatenaError('servers.failed', `initdb failed: ${(cause as Error).message}`, {
      cause,
      remedy: 'read its output above; the server must be able to write to the folder',
    });
  }
  await rename(partial, data);
  return data;
}

/**
 * Deletes the lock file of a killed server. The next server asks the kernel whether the process in that file exists, and a zombie
 * process (under an init process that does not reap children) would count as running.
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
