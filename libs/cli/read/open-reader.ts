/** Opens a database read-only, also while a run is writing it. */
import { existsSync } from 'node:fs';
import type { Coordinator } from '../../coordination/protocol/port.ts';
import { openSqliteCoordinatorReader } from '../../coordination/sqlite/index.ts';
import { COORDINATION_MIGRATIONS } from '../../coordination/sqlite/tables/schema.ts';
import { CatenaError } from '../../errors/catena-error.ts';
import { openSqliteBudgetReader } from '../../limits/sqlite/budgets.ts';
import { SqliteDatabase } from '../../sqlite/database.ts';
import type { RunCost } from '../../store/port.ts';
import { openSqliteStoreReader, type StoreReader } from '../../store/sqlite/index.ts';
import { openSqliteCallReader } from '../../store/sqlite/long-calls.ts';
import { STORE_MIGRATIONS } from '../../store/sqlite/schema.ts';
import type { CallsInFlight } from '../../telemetry/calls-in-flight.ts';

export interface Reader {
  readonly store: StoreReader;
  readonly coordinator: Pick<Coordinator, 'findRun' | 'listNodes' | 'listDue' | 'listEvents'>;
  /** What a run has cost so far. */
  readonly readCost: (runId: string) => Promise<RunCost>;
  /** The long calls of the process that works on the file. */
  readonly longCalls: (nowMs: number) => CallsInFlight | undefined;
  close(): void;
}

/** Throws `cli.no_database`, `store.corrupt`, and `store.other_version` for a file of another version of Catena. */
export function openReader(path: string): Reader {
  if (!existsSync(path)) {
    throw new CatenaError('cli.no_database', `there is no database ${path}`, {
      remedy: 'name the database of your run with --db, or start a run first',
    });
  }
  const db = new SqliteDatabase({ path, readOnly: true });
  try {
    requireVersion(db, 'store', STORE_MIGRATIONS.length);
    requireVersion(db, 'coordination', COORDINATION_MIGRATIONS.length);
    return {
      store: openSqliteStoreReader(db),
      coordinator: openSqliteCoordinatorReader(db),
      readCost: openSqliteBudgetReader(db),
      longCalls: openSqliteCallReader(db),
      close: () => db.close(),
    };
  } catch (thrown) {
    db.close();
    throw thrown;
  }
}

function requireVersion(db: SqliteDatabase, component: string, expected: number): void {
  const tables = db.prepare(`SELECT name FROM sqlite_schema WHERE name = 'schema_versions'`).get();
  if (tables === undefined) {
    throw new CatenaError('cli.no_database', `${db.path} is a database, but not of Catena`, {
      remedy: 'name the database of your run with --db',
    });
  }
  const version = db.prepare('SELECT version FROM schema_versions WHERE component = ?').get(component)?.version;
  if (version === expected) return;
  throw new CatenaError('store.other_version', `${db.path} was written by another version of Catena`, {
    data: { component, version: version ?? 0, expected },
    remedy: 'read it with that version; the next `catena run` on an older file upgrades it',
  });
}
