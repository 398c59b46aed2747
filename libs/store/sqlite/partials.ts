/** What open requests have received so far. */
import type { SqliteDatabase } from '../../sqlite/database.ts';
import type { PartialQuery, PartialText, Store } from '../port.ts';
import type { RunNumbers } from './run-numbers.ts';

export interface Partials extends Pick<Store, 'savePartial' | 'listPartials'> {
  /** Deletes a batch of the texts of a run; returns how many. Call it inside a transaction. */
  clear(runNo: number, limit: number): number;
}

export function partialsOn(db: SqliteDatabase, runs: RunNumbers): Partials {
  const save = db.prepare(
    `INSERT INTO partials (run_no, node_id, module_id, phase, received_at, text)
     SELECT no, ?, ?, ?, ?, ? FROM runs WHERE run_id = ? AND state <> 'closed'
     ON CONFLICT (run_no, node_id) DO UPDATE SET received_at = excluded.received_at, text = excluded.text
       WHERE length(excluded.text) >= length(partials.text)`,
  );
  const list = db.prepare(
    `SELECT node_id AS nodeId, phase, received_at AS receivedAtMs, text FROM partials
     WHERE run_no = ? AND node_id > ? AND module_id = ? AND phase < ? ORDER BY node_id LIMIT ?`,
  );
  const clear = db.prepare(
    `DELETE FROM partials WHERE run_no = ?1 AND node_id IN
       (SELECT node_id FROM partials WHERE run_no = ?1 ORDER BY node_id LIMIT ?2)`,
  );
  return {
    savePartial: ({ runId, moduleId, phase, nodeId, text, receivedAtMs }) =>
      db.write(() => void save.run(nodeId, moduleId, phase, receivedAtMs, text, runId)),
    listPartials: async ({ runId, moduleId, beforePhase, limit, after }: PartialQuery) =>
      db.read(() => {
        const rows = list.all(runs.of(runId), after, moduleId, beforePhase, limit);
        return rows.map((row) => ({ ...row, runId, moduleId }) as unknown as PartialText);
      }),
    clear: (runNo, limit) => Number(clear.run(runNo, limit).changes),
  };
}
