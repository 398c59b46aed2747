/** What open requests have received so far. */
import type { PartialText, Store } from '../port.ts';
import type { Query, Statement } from './database.ts';
import type { RunNumbers } from './run-numbers.ts';

export function partialsIn(query: Query, runs: RunNumbers): Pick<Store, 'savePartial' | 'listPartials'> {
  return {
    savePartial: async ({ runId, moduleId, phase, nodeId, text, receivedAtMs }) => {
      // PostgreSQL stores no NUL.
      await query(SAVE, [nodeId, moduleId, phase, receivedAtMs, text.replaceAll('\u0000', '\uFFFD'), runId]);
    },
    listPartials: async ({ runId, moduleId, beforePhase, limit, after }) => {
      const rows = await query(LIST, [await runs.of(runId), after, moduleId, beforePhase, limit]);
      return rows.map((row) => ({ ...row, runId, moduleId }) as unknown as PartialText);
    },
  };
}

const SAVE: Statement = {
  name: 'save_partial',
  text: `INSERT INTO partials AS kept (run_no, node_id, module_id, phase, received_at, text)
    SELECT no, $1, $2, $3, $4, $5 FROM runs WHERE run_id = $6 AND state <> 'closed'
    ON CONFLICT (run_no, node_id) DO UPDATE SET received_at = excluded.received_at, text = excluded.text
      WHERE length(excluded.text) >= length(kept.text)`,
};

const LIST: Statement = {
  name: 'list_partials',
  text: `SELECT node_id AS "nodeId", phase, received_at AS "receivedAtMs", text FROM partials
    WHERE run_no = $1 AND node_id > $2 AND module_id = $3 AND phase < $4 ORDER BY node_id LIMIT $5`,
};

/** Deletes a batch of the texts of a run. */
export const CLEAR_PARTIALS: Statement = {
  name: 'clear_partials',
  text: `WITH deleted AS (DELETE FROM partials WHERE run_no = $1 AND node_id IN
      (SELECT node_id FROM partials WHERE run_no = $1 ORDER BY node_id LIMIT $2) RETURNING 1)
    SELECT count(*) AS n FROM deleted`,
};
