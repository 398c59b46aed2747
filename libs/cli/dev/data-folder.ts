/** The folder of `catena dev`: its servers' data, locked by one process at a time. */
import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, rm } from 'node:fs/promises';
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

/** `isFresh` deletes the data in it. Throws `servers.in_use` and `cli.unwritable_output`. */
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

async function make(path: string): Promise<void> {
  try {
    const isNew = !existsSync(path);
    await mkdir(path, { recursive: true });
    // Started by root, PostgreSQL runs as another user, who must be able to enter the folder.
    if (isNew) await chmod(path, 0o755);
  } catch (thrown) {
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
