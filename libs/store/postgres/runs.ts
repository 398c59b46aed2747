import { hash } from 'node:crypto';
import { BEFORE_ALL, countRunsText, listRunsStatement, type RunPlace, runCounts } from '../list-runs.ts';
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
      const row = [runId, taskId, account, fingerprint, idempotencyKey, acceptedAtMs, record, modules, user];
      const [accepted] = await query(ACCEPT, row);
      if (accepted !== undefined) return runId;
      const [standing] = await query(FIND_STANDING, [runId, account, idempotencyKey]);
      return standing!.run_id as string;
    },
    markOpen: async (runId) => void (await query(MARK_OPEN, [runId])),
    findRun: async (runId) => toRecord(await findRow(runId)),
    findRunByFingerprint: async (fingerprint) => toRecord((await query(FIND_BY_FINGERPRINT, [fingerprint]))[0]),
    listRuns: async (filter) => {
      const behind = filter.after === undefined ? BEFORE_ALL : await placeOf(filter.after);
      const { text, values } = listRunsStatement(filter, behind, '$');
      const rows = await query({ name: `list_runs_${hash('md5', text)}`, text }, values);
      return rows.map((row) => toRecord(row)!);
    },
    countRuns: async (limit) => runCounts(await query(COUNT, [limit])),
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
      INSERT INTO runs (run_id, task_id, account, fingerprint, idempotency_key, accepted_at, record, run_user)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $9) ON CONFLICT DO NOTHING RETURNING no, accepted_at
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

const MARK_OPEN: Statement = {
  name: 'mark_open',
  text: `UPDATE runs SET state = 'open' WHERE run_id = $1 AND state <> 'open'`,
};

const FIND: Statement = { name: 'find_run', text: 'SELECT * FROM runs WHERE run_id = $1' };

const FIND_BY_FINGERPRINT: Statement = {
  name: 'find_run_by_fingerprint',
  text: 'SELECT * FROM runs WHERE fingerprint = $1 ORDER BY no DESC LIMIT 1',
};

const COUNT: Statement = { name: 'count_runs', text: countRunsText('$1') };

const LIST_EXPIRING: Statement = {
  name: 'list_expiring',
  text: `SELECT run_id FROM runs WHERE state = 'closed' AND NOT expired AND ended_at <= $1 ORDER BY ended_at LIMIT $2`,
};
