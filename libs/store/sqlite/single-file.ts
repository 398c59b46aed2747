/** The backend of single-node mode: coordinator and store share one SQLite file and its transactions. */
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Clock } from '../../clock/clock.ts';
import type { CoordinatorPolicy } from '../../coordination/protocol/policy.ts';
import {
  openSqliteCoordinator,
  type SqliteCoordinator,
  type SqliteCoordinatorOptions,
} from '../../coordination/sqlite/index.ts';
import { CatenaError } from '../../errors/catena-error.ts';
import { SqliteDatabase, type SqliteOptions } from '../../sqlite/database.ts';
import { openSqliteStore, type SqliteStore } from './index.ts';

export interface SingleFileOptions extends SqliteOptions {
  readonly clock: Clock;
  readonly policy: CoordinatorPolicy;
  /** Called for each event of a run's timeline. */
  readonly onEvent?: SqliteCoordinatorOptions['onEvent'];
}

export interface SingleFile {
  readonly coordinator: SqliteCoordinator;
  readonly store: SqliteStore;
  /** The database, for other users of the file. */
  readonly db: SqliteDatabase;
  /** Writes pending works and closes the file. Idempotent. */
  close(): void;
}

/** Opens or creates the file. Throws `store.…` when that fails, and then closes the file again. */
export function openSingleFile({ clock, policy, onEvent, ...options }: SingleFileOptions): SingleFile {
  const db = new SqliteDatabase(options);
  try {
    const coordinator = openSqliteCoordinator({ db, clock, policy, onEvent });
    const store = openSqliteStore(db);
    return {
      coordinator,
      store,
      db,
      close: () => db.close(),
    };
  } catch (thrown) {
    db.close();
    throw thrown;
  }
}

/** Makes the folder of a database file that is to be opened. Throws `store.unwritable`. */
export async function makeDatabaseFolder(path: string): Promise<void> {
  if (path === ':memory:') return;
  try {
    await mkdir(dirname(path), { recursive: true });
  } catch (thrown) {
    throw new CatenaError('store.unwritable', `the folder of ${path} cannot be created: ${(thrown as Error).message}`, {
      cause: thrown,
      remedy: 'name a file with --db in a folder that may be written',
    });
  }
}
