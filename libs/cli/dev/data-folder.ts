/** The folder of `catena dev`: its servers' data, closed to other users of the machine, and locked by one process at a time. */
import { chmod, mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { CatenaError } from '../../errors/catena-error.ts';
import { ProcessLedger } from '../../local-servers/process-ledger.ts';
import { FileLock } from '../../sqlite/file-lock.ts';

export interface DataFolder {
  readonly path: string;
  readonly ledger: ProcessLedger;
  /** Names of the processes that an earlier `catena dev` had left running, and that have been ended. */
  readonly leftovers: readonly string[];
  /** Releases the lock; the data stays. */
  release(): void;
}

const LOCK = 'dev';

/** `isFresh` deletes the data in it. Throws `servers.in_use`, `servers.foreign_folder` and `cli.unwritable_output`. */
export async function openDataFolder(given: string, isFresh: boolean): Promise<DataFolder> {
  const path = resolve(given);
  await make(path);
  const lock = take(path);
  try {
    const ledger = new ProcessLedger(join(path, 'processes.json'));
    const leftovers = await ledger.endLeftovers();
    if (isFresh) await empty(path);
    return { path, ledger, leftovers, release: () => lock.release() };
  } catch (thrown) {
    lock.release();
    throw thrown;
  }
}

const CLOSED = 0o700;
/** Others may enter, but see nothing: started by root, PostgreSQL runs as another user, whose folder is in it. */
const ENTERABLE = 0o711;

async function make(path: string): Promise<void> {
  const own = process.getuid?.();
  try {
    await mkdir(path, { recursive: true });
    const { uid } = await stat(path);
    if (own !== undefined && uid !== own) throw foreignFolder(path, uid);
    await chmod(path, own === 0 ? ENTERABLE : CLOSED);
  } catch (thrown) {
    if (thrown instanceof CatenaError) throw thrown;
    throw new CatenaError(
      'cli.unwritable_output',
      `the folder ${path} cannot be created: ${(thrown as Error).message}`,
      {
        cause: thrown,
        remedy: 'start it in a folder that you may write to',
      },
    );
  }
}

/** Its owner could exchange files in it while the servers run. */
function foreignFolder(path: string, uid: number): CatenaError {
  return new CatenaError('servers.foreign_folder', `the folder ${path} belongs to another user (${uid})`, {
    data: { folder: path, uid },
    remedy: 'start it in a folder of your own',
  });
}

function take(path: string): FileLock {
  try {
    return new FileLock(join(path, LOCK));
  } catch (thrown) {
    if (!(thrown instanceof CatenaError) || thrown.code !== 'store.locked') throw thrown;
    throw new CatenaError('servers.in_use', `another \`catena dev\` uses ${path}`, {
      cause: thrown,
      data: { folder: path },
      remedy: 'stop that one, or start this one in another folder',
    });
  }
}

/** Deletes everything but the lock. */
async function empty(path: string): Promise<void> {
  for (const name of await readdir(path)) {
    if (!name.startsWith(`${LOCK}.lock`)) await rm(join(path, name), { recursive: true, force: true });
  }
}
