import type { SqliteDatabase } from '../../sqlite/database.ts';
import { migrate } from '../../sqlite/migrate.ts';
import type { DeadLetter, ExportOffset, ItemBatch, NewRun, RunEnd, RunRecord, Store, StoredEvent } from '../port.ts';
import { Items } from './items.ts';
import { RunNumbers } from './run-numbers.ts';
import { STORE_MIGRATIONS } from './schema.ts';
import { Settlement } from './settlement.ts';

/** The store of single-node mode. Items are inserted inside the coordinator's commit, by {@link SqliteStore.insertItems}. */
export interface SqliteStore extends Store {
  /** To be called inside a transaction of the same database. */
  insertItems(batch: ItemBatch): void;
}

type Row = Record<string, unknown>;

/** Opens the store on the coordinator's database; the coordinator's tables must exist. */
export function openSqliteStore(db: SqliteDatabase): SqliteStore {
  migrate(db, 'store', STORE_MIGRATIONS);
  return storeOn(db);
}

/** What can be read of a store. */
export type StoreReader = Pick<
  Store,
  'findRun' | 'listRuns' | 'readItems' | 'countItems' | 'listDeadLetters' | 'listEvents'
>;

/** Reads a store whose tables are of this version, while another process may be writing it. */
export function openSqliteStoreReader(db: SqliteDatabase): StoreReader {
  return storeOn(db);
}

function storeOn(db: SqliteDatabase): SqliteStore {
  const numbers = new RunNumbers(db);
  const items = new Items(db, numbers);
  const sql = statements(db);

  const settlement = new Settlement(db, numbers, items);

  return {
    acceptRun: (run) =>
      db.write(() => {
        sql.accept.run(run.runId, run.taskId, run.fingerprint, run.acceptedAtMs, JSON.stringify(run));
      }),
    markOpen: (runId) => db.write(() => void sql.markOpen.run(runId)),
    listExpiring: async (endedBeforeMs, limit) =>
      db.read(() => sql.expiring.all(endedBeforeMs, limit).map((row) => row.run_id as string)),
    markExpired: (runId) => db.write(() => void sql.markExpired.run(runId)),
    findRun: async (runId) => db.read(() => toRecord(sql.find.get(runId) as Row | undefined)),
    findRunByFingerprint: async (fingerprint) =>
      db.read(() => toRecord(sql.findByFingerprint.get(fingerprint) as Row | undefined)),
    listRuns: async ({ limit, state }) =>
      db.read(() => {
        const rows = state === undefined ? sql.list.all(limit) : sql.listByState.all(state, limit);
        return (rows as Row[]).map((row) => toRecord(row)!);
      }),
    insertItems: (batch) => items.insert(batch),
    readItems: async (query) => db.read(() => items.read(query)),
    countItems: async (runId) => db.read(() => items.count(runId)),
    hasWithdrawnItems: async (runId, upToSeq) =>
      db.read(() => {
        const pruned = sql.withdrawnSeq.get(runId)?.withdrawn_seq as number | undefined;
        return (pruned !== undefined && pruned > 0 && pruned <= upToSeq) || items.hasWithdrawn(runId, upToSeq);
      }),
    settleRun: (runId, end, records) => settlement.settle(runId, end, records),
    listEvents: async (runId) =>
      db.read(() =>
        (sql.events.all(numbers.of(runId)) as Row[]).map((row) => JSON.parse(row.event as string) as StoredEvent),
      ),
    listDeadLetters: async (runId) =>
      db.read(() => {
        const rows = sql.letters.all(numbers.of(runId)) as Row[];
        return rows.map((row) => JSON.parse(row.letter as string) as DeadLetter);
      }),
    findExport: async (runId, path) =>
      db.read(() => sql.findExport.get(numbers.of(runId), path) as unknown as ExportOffset | undefined),
    saveExport: (runId, path, { seq, bytes, rows, layout }) =>
      db.write(() => void sql.saveExport.run(numbers.of(runId), path, seq, bytes, rows, layout)),
  };
}

function toRecord(row: Row | undefined): RunRecord | undefined {
  if (row === undefined) return undefined;
  const end = row.run_end === '' ? undefined : (JSON.parse(row.run_end as string) as RunEnd);
  return { ...(JSON.parse(row.record as string) as NewRun), state: row.state as RunRecord['state'], end };
}

function statements(db: SqliteDatabase) {
  return {
    accept: db.prepare(
      `INSERT INTO runs (run_id, task_id, fingerprint, state, accepted_at, record) VALUES (?, ?, ?, 'accepted', ?, ?)
       ON CONFLICT (run_id) DO NOTHING`,
    ),
    markOpen: db.prepare(`UPDATE runs SET state = 'open' WHERE run_id = ? AND state <> 'open'`),
    find: db.prepare('SELECT * FROM runs WHERE run_id = ?'),
    findByFingerprint: db.prepare('SELECT * FROM runs WHERE fingerprint = ? ORDER BY no DESC LIMIT 1'),
    expiring: db.prepare(
      `SELECT run_id FROM runs WHERE state = 'closed' AND expired = 0 AND ended_at <= ? ORDER BY ended_at LIMIT ?`,
    ),
    markExpired: db.prepare('UPDATE runs SET expired = 1 WHERE run_id = ?'),
    list: db.prepare('SELECT * FROM runs ORDER BY no DESC LIMIT ?'),
    listByState: db.prepare('SELECT * FROM runs WHERE state = ? ORDER BY no DESC LIMIT ?'),
    withdrawnSeq: db.prepare('SELECT withdrawn_seq FROM runs WHERE run_id = ?'),
    events: db.prepare('SELECT event FROM events WHERE run_no = ? ORDER BY seq'),
    letters: db.prepare('SELECT letter FROM dead_letters WHERE run_no = ?'),
    findExport: db.prepare('SELECT seq, bytes, row_count AS rows, layout FROM exports WHERE run_no = ? AND path = ?'),
    saveExport: db.prepare(
      `INSERT INTO exports VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (run_no, path) DO UPDATE
       SET seq = excluded.seq, bytes = excluded.bytes, row_count = excluded.row_count, layout = excluded.layout`,
    ),
  };
}
