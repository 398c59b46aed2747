import { hash } from 'node:crypto';
import { priorityClass } from '../../contracts/priority.ts';
import { beforeAll, CLASS_NUMBER, listRunsStatement, type RunPlace } from '../list-runs.ts';
import type { NewRun, RunEnd, RunRecord, Store } from '../port.ts';
import type { Query, Row, Statement } from './database.ts';
import type { RunNumbers } from './run-numbers.ts';

type RunMethods = Pick<
  Store,
  'acceptRun' | 'markOpen' | 'findRun' | 'findRunByFingerprint' | 'listRuns' | 'countRuns' | 'listExpiring'
>;

/** Accepts, finds and lists runs. */
export function runsIn(query: Query, numbers: RunNumbers): RunMethods {
  const findRow = async (runId: string): Promise<Row | undefined> => (await query(FIND, [runId]))[0];
  const placeOf = async (runId: string): Promise<RunPlace> => {
    await numbers.of(runId);
    const row = await findRow(runId);
    return { no: row!.no as number, acceptedAtMs: row!.accepted_at as number };
  };
  return {
    acceptRun: async (run) => {
      const { runId, taskId, account, user = null, fingerprint, idempotencyKey = null, acceptedAtMs, modules } = run;
      const record = JSON.stringify(run);
      const waits = [CLASS_NUMBER[priorityClass(run.priority)], run.deadlineAtMs ?? 0];
      const row = [runId, taskId, account, fingerprint, idempotencyKey, acceptedAtMs, record, modules, user, ...waits];
      const [accepted] = await query(ACCEPT, row);
      if (accepted !== undefined) return runId;
      const [standing] = await query(FIND_STANDING, [runId, account, idempotencyKey]);
      return standing?.run_id as string | undefined;
    },
    markOpen: async (runId) => void (await query(MARK_OPEN, [runId])),
    findRun: async (runId) => toRecord(await findRow(runId)),
    findRunByFingerprint: async (fingerprint) => toRecord((await query(FIND_BY_FINGERPRINT, [fingerprint]))[0]),
    listRuns: async (filter) => {
      const behind = filter.after === undefined ? beforeAll(filter) : await placeOf(filter.after);
      const { text, values } = listRunsStatement(filter, behind, '$');
      const rows = await query({ name: `list_runs_${hash('md5', text)}`, text }, values);
      return rows.map((row) => toRecord(row)!);
    },
    countRuns: async (state, atMost) => (await query(COUNT_RUNS, [state, atMost]))[0]!.n as number,
    listExpiring: async (endedBeforeMs, limit) =>
      (await query(LIST_EXPIRING, [endedBeforeMs, limit])).map((row) => row.run_id as string),
  };
}

function toRecord(row: Row | undefined): RunRecord | undefined {
  if (row === undefined) return undefined;
  const end = row.run_end === '' ? undefined : (JSON.parse(row.run_end as string) as RunEnd);
  return { ...(JSON.parse(row.record as string) as NewRun), state: row.state as RunRecord['state'], end };
}

const ACCEPT: Statement = {
  name: 'accept_run',
  text: `WITH accepted AS (
      INSERT INTO runs (run_id, task_id, account, fingerprint, idempotency_key, accepted_at, record, run_user,
        priority_class, deadline_at)
      SELECT $1::text, $2::text, $3::text, $4::text, $5::text, $6::bigint, $7::text, $9::text, $10::smallint, $11::bigint
      WHERE NOT EXISTS (SELECT FROM tasks WHERE account = $3 AND name = $2 AND mark <> '' AND $1 <> $2)
      ON CONFLICT DO NOTHING RETURNING no, accepted_at
    ), task AS (
      INSERT INTO tasks (account, name) SELECT $3::text, $2::text FROM accepted WHERE $1 <> $2 ON CONFLICT DO NOTHING
    ), listed AS (
      INSERT INTO run_modules (module_id, accepted_at, run_no)
      SELECT module_id, accepted_at, no FROM accepted, unnest($8::text[]) AS module_id ON CONFLICT DO NOTHING
    )
    SELECT no FROM accepted`,
};

/** A separate statement, because it must see what another transaction committed while {@link ACCEPT} waited. */
const FIND_STANDING: Statement = {
  name: 'find_standing_run',
  text: `SELECT run_id FROM runs WHERE run_id = $1
    UNION ALL SELECT run_id FROM runs WHERE account = $2 AND idempotency_key = $3 LIMIT 1`,
};

/** What an earlier end of the run has counted for its task is taken back. */
const MARK_OPEN: Statement = {
  name: 'mark_open',
  text: `WITH was AS (
      SELECT no, run_id, account, task_id, task_lifts, counted_executions, counted_errors
      FROM runs WHERE run_id = $1 AND state <> 'open' FOR UPDATE
    ), task AS (
      UPDATE tasks t SET
        executions = t.executions - CASE WHEN t.lifts = was.task_lifts THEN was.counted_executions ELSE 0 END,
        errors = t.errors - CASE WHEN t.lifts = was.task_lifts THEN was.counted_errors ELSE 0 END,
        ending = t.mark <> ''
      FROM was WHERE t.account = was.account AND t.name = was.task_id AND was.task_id <> was.run_id
      RETURNING t.lifts
    )
    UPDATE runs SET state = 'open', counted_executions = 0, counted_errors = 0,
      task_lifts = coalesce((SELECT lifts FROM task), 0)
    WHERE no = (SELECT no FROM was)`,
};

const FIND: Statement = { name: 'find_run', text: 'SELECT * FROM runs WHERE run_id = $1' };

const FIND_BY_FINGERPRINT: Statement = {
  name: 'find_run_by_fingerprint',
  text: 'SELECT * FROM runs WHERE fingerprint = $1 ORDER BY no DESC LIMIT 1',
};

/** In the order of an index, which it therefore reads instead of the table. */
const COUNT_RUNS: Statement = {
  name: 'count_runs',
  text: `SELECT count(*) AS n
    FROM (SELECT FROM runs WHERE state = $1 ORDER BY accepted_at, no LIMIT $2) AS counted`,
};

const LIST_EXPIRING: Statement = {
  name: 'list_expiring',
  text: `SELECT run_id FROM runs WHERE state = 'closed' AND NOT expired AND ended_at <= $1 ORDER BY ended_at LIMIT $2`,
};
