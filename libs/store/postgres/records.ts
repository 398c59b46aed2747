/** The records of a run beside its items: timeline, dead letters, and the positions of files that follow it. */
import type { DeadLetter, ExportOffset, Store, StoredEvent } from '../port.ts';
import type { Query, Statement } from './database.ts';
import type { RunNumbers } from './run-numbers.ts';

type RecordMethods = Pick<Store, 'listEvents' | 'listDeadLetters' | 'discardDeadLetters' | 'findExport' | 'saveExport'>;

export function recordsIn(query: Query, numbers: RunNumbers): RecordMethods {
  return {
    listEvents: async (runId) => {
      const rows = await query(LIST_EVENTS, [await numbers.of(runId)]);
      return rows.map((row) => JSON.parse(row.event as string) as StoredEvent);
    },
    listDeadLetters: async (runId, page) => {
      const rows = await query(LIST_LETTERS, [await numbers.of(runId), page?.after ?? '', page?.limit ?? null]);
      return rows.map((row) => JSON.parse(row.letter as string) as DeadLetter);
    },
    discardDeadLetters: async (runId, nodeIds) => {
      const rows = await query(DISCARD_LETTERS, [await numbers.of(runId), nodeIds]);
      return rows.length;
    },
    findExport: async (runId, path) => {
      const [row] = await query(FIND_EXPORT, [await numbers.of(runId), path]);
      return row as ExportOffset | undefined;
    },
    saveExport: async (runId, path, { seq, bytes, rows, layout }) =>
      void (await query(SAVE_EXPORT, [await numbers.of(runId), path, seq, bytes, rows, layout])),
  };
}

const LIST_EVENTS: Statement = {
  name: 'list_events',
  text: 'SELECT event FROM events WHERE run_no = $1 ORDER BY seq',
};

const LIST_LETTERS: Statement = {
  name: 'list_letters',
  text: `SELECT letter FROM dead_letters WHERE run_no = $1 AND node_id > $2 AND NOT discarded
    ORDER BY node_id LIMIT $3`,
};

/** The row stays, without its letter, so that closing the run again does not restore it. */
const DISCARD_LETTERS: Statement = {
  name: 'discard_letters',
  text: `UPDATE dead_letters SET discarded = TRUE, letter = ''
    WHERE run_no = $1 AND node_id = ANY ($2::text[]) AND NOT discarded RETURNING 1`,
};

const FIND_EXPORT: Statement = {
  name: 'find_export',
  text: 'SELECT seq, bytes, row_count AS rows, layout FROM exports WHERE run_no = $1 AND path = $2',
};

const SAVE_EXPORT: Statement = {
  name: 'save_export',
  text: `INSERT INTO exports VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (run_no, path) DO UPDATE
    SET seq = excluded.seq, bytes = excluded.bytes, row_count = excluded.row_count, layout = excluded.layout`,
};
