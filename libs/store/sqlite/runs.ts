import { priorityClass } from '../../contracts/priority.ts';
import type { SqliteDatabase } from '../../sqlite/database.ts';
import { beforeAll, CLASS_NUMBER, listRunsStatement, type RunPlace } from '../list-runs.ts';
import type { NewRun, RunEnd, RunRecord, Store } from '../port.ts';
import type { RunNumbers } from './run-numbers.ts';
import type { Tasks } from './tasks.ts';

type Row = Record<string, unknown>;

type RunMethods = Pick<
  Store,
  | 'acceptRun'
  | 'markOpen'
  | 'findRun'
  | 'findRunByFingerprint'
  | 'listRuns'
  | 'countRuns'
  | 'listExpiring'
  | 'markExpired'
  | 'countKeptNodes'
  | 'listExpired'
  | 'deleteRun'
>;

/** Accepts, finds and lists runs. */
export function runsOn(db: SqliteDatabase, numbers: RunNumbers, tasks: Tasks): RunMethods {
  const sql = statements(db);
  const lists = new Map<string, ReturnType<SqliteDatabase['prepare']>>();
  const prepared = (text: string) => {
    const statement = lists.get(text) ?? db.prepare(text);
    lists.set(text, statement);
    return statement;
  };
  const placeOf = (runId: string): RunPlace => {
    numbers.of(runId);
    const { no, accepted_at } = sql.find.get(runId) as Row;
    return { no: no as number, acceptedAtMs: accepted_at as number };
  };
  return {
    acceptRun: (run) =>
      db.write(() => {
        const { runId, taskId, account, user = null, fingerprint, idempotencyKey = null, acceptedAtMs } = run;
        const record = JSON.stringify(run);
        const waits = [CLASS_NUMBER[priorityClass(run.priority)], run.deadlineAtMs ?? 0] as const;
        const names = [runId, taskId, account, user, fingerprint, idempotencyKey] as const;
        const isNamed = taskId !== runId;
        const mayBegin = !isNamed || !tasks.isMarked(account, taskId);
        const row = mayBegin ? sql.accept.get(...names, acceptedAtMs, record, ...waits) : undefined;
        if (row === undefined)
          return sql.findStanding.get(runId, account, idempotencyKey)?.run_id as string | undefined;
        if (isNamed) tasks.add(account, taskId);
        for (const moduleId of run.modules) sql.addModule.run(moduleId, acceptedAtMs, row.no as number);
        return runId;
      }),
    markOpen: (runId) =>
      db.write(() => {
        tasks.beforeOpen(runId);
        sql.markOpen.run(runId);
      }),
    findRun: async (runId) => db.read(() => toRecord(sql.find.get(runId))),
    findRunByFingerprint: async (fingerprint) => db.read(() => toRecord(sql.findByFingerprint.get(fingerprint))),
    listRuns: async (query) =>
      db.read(() => {
        const behind = query.after === undefined ? beforeAll(query) : placeOf(query.after);
        const { text, values } = listRunsStatement(query, behind, '?');
        return prepared(text)
          .all(...values)
          .map((row) => toRecord(row)!);
      }),
    countRuns: async (state, atMost) => db.read(() => sql.count.get(state, atMost)!.n as number),
    listExpiring: async (endedBeforeMs, limit) =>
      db.read(() => sql.expiring.all(endedBeforeMs, limit).map((row) => row.run_id as string)),
    markExpired: (runId) => db.write(() => void sql.markExpired.run(runId)),
    countKeptNodes: async () => db.read(() => sql.keptNodes.get()!.n as number),
    listExpired: async (endedBeforeMs, limit) =>
      db.read(() => sql.expired.all(endedBeforeMs, limit).map((row) => row.run_id as string)),
    deleteRun: (runId, limit) =>
      db.write(() => {
        const found = sql.findExpired.get(runId);
        if (found === undefined) return false;
        const runNo = found.no as number;
        const deleted = sql.deleteRows.map((statement) => Number(statement.run(runNo, limit).changes));
        if (deleted.some((count) => count === limit)) return true;
        const { modules, acceptedAtMs } = JSON.parse(found.record as string) as NewRun;
        for (const moduleId of modules) sql.deleteModule.run(moduleId, acceptedAtMs, runNo);
        sql.deleteRun.run(runNo);
        numbers.forget(runId);
        return false;
      }),
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
      `INSERT INTO runs (run_id, task_id, account, run_user, fingerprint, idempotency_key, state, accepted_at, record,
         priority_class, deadline_at)
       VALUES (?, ?, ?, ?, ?, ?, 'accepted', ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING no`,
    ),
    addModule: db.prepare('INSERT OR IGNORE INTO run_modules VALUES (?, ?, ?)'),
    findStanding: db.prepare(
      `SELECT run_id FROM runs WHERE run_id = ?1
       UNION ALL SELECT run_id FROM runs WHERE account = ?2 AND idempotency_key = ?3 LIMIT 1`,
    ),
    count: db.prepare('SELECT count(*) AS n FROM (SELECT 1 FROM runs WHERE state = ? LIMIT ?)'),
    markOpen: db.prepare(`UPDATE runs SET state = 'open' WHERE run_id = ? AND state <> 'open'`),
    find: db.prepare('SELECT * FROM runs WHERE run_id = ?'),
    findByFingerprint: db.prepare('SELECT * FROM runs WHERE fingerprint = ? ORDER BY no DESC LIMIT 1'),
    expiring: db.prepare(
      `SELECT run_id FROM runs WHERE state = 'closed' AND expired = 0 AND ended_at <= ? ORDER BY ended_at LIMIT ?`,
    ),
    markExpired: db.prepare('UPDATE runs SET expired = 1 WHERE run_id = ?'),
    keptNodes: db.prepare(`SELECT coalesce(sum(nodes), 0) AS n FROM runs WHERE state = 'closed' AND expired = 0`),
    expired: db.prepare(
      `SELECT run_id FROM runs WHERE state = 'closed' AND expired = 1 AND ended_at <= ? ORDER BY ended_at LIMIT ?`,
    ),
    findExpired: db.prepare(`SELECT no, record FROM runs WHERE run_id = ? AND state = 'closed' AND expired = 1`),
    deleteRows: [
      db.prepare('DELETE FROM items WHERE seq IN (SELECT seq FROM items WHERE run_no = ? LIMIT ?)'),
      db.prepare('DELETE FROM events WHERE seq IN (SELECT seq FROM events WHERE run_no = ? LIMIT ?)'),
      ...(['dead_letters', 'partials'] as const).map((table) =>
        db.prepare(
          `DELETE FROM ${table} WHERE run_no = ?1
           AND node_id IN (SELECT node_id FROM ${table} WHERE run_no = ?1 ORDER BY node_id LIMIT ?2)`,
        ),
      ),
      db.prepare(
        `DELETE FROM exports WHERE run_no = ?1
         AND path IN (SELECT path FROM exports WHERE run_no = ?1 ORDER BY path LIMIT ?2)`,
      ),
    ],
    deleteModule: db.prepare('DELETE FROM run_modules WHERE module_id = ? AND accepted_at = ? AND run_no = ?'),
    deleteRun: db.prepare('DELETE FROM runs WHERE no = ?'),
  };
}
