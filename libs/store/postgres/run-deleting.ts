import type { Store } from '../port.ts';
import type { Query, Statement } from './database.ts';
import type { RunNumbers } from './run-numbers.ts';

/** Counts, lists and deletes what is kept of ended runs. */
export function runDeletingIn(
  query: Query,
  numbers: RunNumbers,
): Pick<Store, 'countKeptNodes' | 'listExpired' | 'deleteRun'> {
  return {
    countKeptNodes: async () => Number((await query(COUNT_KEPT_NODES, []))[0]!.n),
    listExpired: async (endedBeforeMs, limit) =>
      (await query(LIST_EXPIRED, [endedBeforeMs, limit])).map((row) => row.run_id as string),
    deleteRun: async (runId, limit) => {
      const [found] = await query(FIND_EXPIRED, [runId]);
      if (found === undefined) return false;
      const runNo = found.no as number;
      for (const statement of DELETE_ROWS) {
        if (Number((await query(statement, [runNo, limit]))[0]!.n) === limit) return true;
      }
      await query(DELETE_RUN, [runNo]);
      numbers.forget(runId);
      return false;
    },
  };
}

const COUNT_KEPT_NODES: Statement = {
  name: 'count_kept_nodes',
  text: `SELECT coalesce(sum(nodes), 0) AS n FROM runs WHERE state = 'closed' AND NOT expired`,
};

const LIST_EXPIRED: Statement = {
  name: 'list_expired',
  text: `SELECT run_id FROM runs WHERE state = 'closed' AND expired AND ended_at <= $1 ORDER BY ended_at LIMIT $2`,
};

const FIND_EXPIRED: Statement = {
  name: 'find_expired',
  text: `SELECT no FROM runs WHERE run_id = $1 AND state = 'closed' AND expired`,
};

/** In the order of an index that begins with the run, which statistics about other runs cannot make look worse than the table. */
const ORDERED_BY = {
  items: 'node_id, token, ordinal',
  dead_letters: 'node_id',
  partials: 'node_id',
  events: 'seq',
  exports: 'path',
} as const;

const DELETE_ROWS: readonly Statement[] = Object.entries(ORDERED_BY).map(([table, order]) => ({
  name: `delete_${table}`,
  text: `WITH chosen AS MATERIALIZED (
      SELECT ctid AS place FROM ${table} WHERE run_no = $1 ORDER BY ${order} LIMIT $2
    ), deleted AS (
      DELETE FROM ${table} USING chosen WHERE ${table}.ctid = chosen.place RETURNING 1
    )
    SELECT count(*) AS n FROM deleted`,
}));

const DELETE_RUN: Statement = {
  name: 'delete_run',
  text: `WITH deleted AS (
      DELETE FROM runs WHERE no = $1 AND state = 'closed' AND expired RETURNING no, accepted_at, record
    ), listed AS (
      SELECT no, accepted_at, json_array_elements_text(record::json -> 'modules') AS module_id FROM deleted
    ), found AS MATERIALIZED (
      SELECT m.place FROM listed l CROSS JOIN LATERAL (SELECT ctid AS place FROM run_modules
        WHERE module_id = l.module_id AND accepted_at = l.accepted_at AND run_no = l.no OFFSET 0) m
    )
    DELETE FROM run_modules USING found WHERE run_modules.ctid = found.place`,
};
