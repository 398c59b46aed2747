import type { SqliteDatabase } from '../../sqlite/database.ts';
import { migrate } from '../../sqlite/migrate.ts';
import type { ExportOffset, ItemBatch, Store, StoredEvent } from '../port.ts';
import { accountsOn } from './accounts.ts';
import { contractsOn } from './contracts.ts';
import { DeadLetters } from './dead-letters.ts';
import { foreignMessagesOn } from './foreign-messages.ts';
import { Items } from './items.ts';
import { partialsOn } from './partials.ts';
import { RunClosing } from './run-closing.ts';
import { RunNumbers } from './run-numbers.ts';
import { runsOn } from './runs.ts';
import { STORE_MIGRATIONS } from './schema.ts';
import { Tasks } from './tasks.ts';

/** The store of single-node mode. Items are inserted inside the coordinator's commit, by {@link SqliteStore.insertItems}. */
export interface SqliteStore extends Store {
  /** Call this inside a transaction of the same database. */
  insertItems(batch: ItemBatch): void;
}

type Row = Record<string, unknown>;

/** Opens the store on the coordinator's database; the coordinator's tables must exist. */
export function openSqliteStore(db: SqliteDatabase): SqliteStore {
  migrate(db, 'store', STORE_MIGRATIONS);
  return storeOn(db);
}

/** The read methods of a store. */
export type StoreReader = Pick<
  Store,
  | 'findRun'
  | 'listRuns'
  | 'countRuns'
  | 'findTask'
  | 'listTasks'
  | 'getAccount'
  | 'readItems'
  | 'countItems'
  | 'listDeadLetters'
  | 'listEvents'
>;

/** Reads a store with tables of this version, which another process may be writing. */
export function openSqliteStoreReader(db: SqliteDatabase): StoreReader {
  return storeOn(db);
}

function storeOn(db: SqliteDatabase): SqliteStore {
  const numbers = new RunNumbers(db);
  const items = new Items(db, numbers);
  const letters = new DeadLetters(db);
  const { clear, ...partials } = partialsOn(db, numbers);
  const tasks = new Tasks(db);
  const closing = new RunClosing({ db, numbers, items, letters, tasks, clearPartials: clear });
  const sql = statements(db);
  return {
    ...runsOn(db, numbers, tasks),
    ...partials,
    ...accountsOn(db),
    ...contractsOn(db),
    ...foreignMessagesOn(db),
    findTask: (task, openRuns) => tasks.findTask(task, openRuns),
    listTasks: (query, openRuns) => tasks.listTasks(query, openRuns),
    markTask: (task, mark) => tasks.markTask(task, mark),
    liftTask: (task) => tasks.liftTask(task),
    listEndingTasks: (limit, openRuns) => tasks.listEndingTasks(limit, openRuns),
    endedTask: (task) => tasks.endedTask(task),
    insertItems: (batch) => items.insert(batch),
    readItems: async (query) => db.read(() => items.read(query)),
    countItems: async (runId) => db.read(() => items.count(runId)),
    hasWithdrawnItems: async (runId, upToSeq, withReplaced = false) =>
      db.read(() => {
        const pruned = sql.withdrawnSeq.get(runId)?.withdrawn_seq as number | undefined;
        return (
          (pruned !== undefined && pruned > 0 && pruned <= upToSeq) || items.hasWithdrawn(runId, upToSeq, withReplaced)
        );
      }),
    closeRun: (runId, end, records) => closing.close(runId, end, records),
    listEvents: async (runId) =>
      db.read(() =>
        (sql.events.all(numbers.of(runId)) as Row[]).map((row) => JSON.parse(row.event as string) as StoredEvent),
      ),
    listDeadLetters: async (runId, page) => db.read(() => letters.list(numbers.of(runId), page)),
    discardDeadLetters: (runId, nodeIds) => db.write(() => letters.discard(numbers.of(runId), nodeIds)),
    findExport: async (runId, path) =>
      db.read(() => sql.findExport.get(numbers.of(runId), path) as unknown as ExportOffset | undefined),
    saveExport: (runId, path, { seq, bytes, rows, layout }) =>
      db.write(() => void sql.saveExport.run(numbers.of(runId), path, seq, bytes, rows, layout)),
  };
}

function statements(db: SqliteDatabase) {
  return {
    withdrawnSeq: db.prepare('SELECT withdrawn_seq FROM runs WHERE run_id = ?'),
    events: db.prepare('SELECT event FROM events WHERE run_no = ? ORDER BY seq'),
    findExport: db.prepare('SELECT seq, bytes, row_count AS rows, layout FROM exports WHERE run_no = ? AND path = ?'),
    saveExport: db.prepare(
      `INSERT INTO exports VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (run_no, path) DO UPDATE
       SET seq = excluded.seq, bytes = excluded.bytes, row_count = excluded.row_count, layout = excluded.layout`,
    ),
  };
}
