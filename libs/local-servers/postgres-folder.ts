/** Creates the data folder of PostgreSQL once, as the user that the server runs as. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, chown, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { CatenaError } from '../errors/catena-error.ts';
import { startOf } from './process-ledger.ts';
import { PRIVATE_FOLDER, SERVER_USER } from './secrets.ts';

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

export interface PostgresFolder {
  readonly binaries: string;
  /** The user that the server runs as; undefined: the current one. */
  readonly user: ServerUser | undefined;
  /** Of the role {@link SERVER_USER}. */
  readonly password: string;
}

/** The folder with an initialised database. Throws `servers.failed` and `servers.unreachable_folder`. */
export async function preparePostgresFolder(
  folder: string,
  { binaries, user, password }: PostgresFolder,
): Promise<string> {
  await mkdir(folder, { recursive: true, mode: PRIVATE_FOLDER });
  await chmod(folder, PRIVATE_FOLDER);
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
  const args = ['-D', partial, '-U', ADMINISTRATOR, '-A', 'reject', '-E', 'UTF8', '--locale=C'];
  try {
    await run(join(binaries, 'initdb'), args, { cwd: '/', ...user });
    await writeFile(join(partial, 'pg_hba.conf'), WHO_MAY_LOG_IN);
    await createRole(partial, { binaries, user, password });
  } catch (cause) {
    throw new CatenaError('servers.failed', `PostgreSQL could not be set up: ${(cause as Error).message}`, {
      cause,
      remedy: 'read its output above; the server must be able to write to the folder',
    });
  }
  await rename(partial, data);
  return data;
}

/** Owns the system tables. It cannot log in: a superuser can run programs and read files as the user of the server. */
const ADMINISTRATOR = 'administrator';

const WHO_MAY_LOG_IN = `# One role, by its password, from this machine.
host ${SERVER_USER} ${SERVER_USER} 127.0.0.1/32 scram-sha-256
`;

/** Creates the role of the services and its database, in single-user mode, which asks for no password and opens no port. */
async function createRole(data: string, { binaries, user, password }: PostgresFolder): Promise<void> {
  const args = [
    '--single',
    '-D',
    data,
    '-c',
    'password_encryption=scram-sha-256',
    '-c',
    'exit_on_error=on',
    'postgres',
  ];
  const running = run(join(binaries, 'postgres'), args, { cwd: '/', ...user });
  running.child.stdin?.end(
    `CREATE ROLE ${SERVER_USER} LOGIN PASSWORD '${password}'\nCREATE DATABASE ${SERVER_USER} OWNER ${SERVER_USER}\n`,
  );
  await running;
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
