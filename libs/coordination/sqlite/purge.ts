import type { SqliteDatabase } from '../../sqlite/database.ts';
import type { PurgeCommand, PurgeOutcome } from '../protocol/runs.ts';
import type { Tx } from './tx.ts';

/** Deletes what is left of closed runs. */
export class Purge {
  readonly #staged;
  readonly #nodes;
  readonly #reorder;
  readonly #run;

  constructor(db: SqliteDatabase) {
    this.#staged = db.prepare('DELETE FROM chain_staged WHERE node_no = ?');
    this.#nodes = db.prepare(
      'DELETE FROM chain_nodes WHERE no IN (SELECT no FROM chain_nodes WHERE phase_no = ? LIMIT ?) RETURNING no',
    );
    this.#reorder = db.prepare('DELETE FROM chain_reorder WHERE run_id = ?');
    this.#run = db.prepare('DELETE FROM chain_runs WHERE no = ?');
  }

  /** How many nodes of the phase were deleted. */
  deleteNodes(phaseNo: number, limit: number): number {
    const rows = this.#nodes.all(phaseNo, limit);
    for (const row of rows) this.#staged.run(row.no as number);
    return rows.length;
  }

  /** The run itself, with its modules, phases, gates and events. */
  deleteRun(runNo: number, runId: string): void {
    this.#reorder.run(runId);
    this.#run.run(runNo);
  }
}

export function runPurge(tx: Tx, purge: Purge, { runId, limit }: PurgeCommand): PurgeOutcome {
  const run = tx.scopes.run(runId);
  if (run?.state !== 'closed' && run?.state !== 'expired') return { deleted: 0, more: false };
  run.state = 'expired';
  tx.scopes.touchRun(run);
  let deleted = 0;
  for (const phase of run.modules.flatMap((module) => module.phases)) {
    if (deleted < limit) deleted += purge.deleteNodes(phase.no, limit - deleted);
  }
  if (deleted === limit) return { deleted, more: true };
  purge.deleteRun(run.no, runId);
  tx.scopes.drop(run);
  return { deleted, more: false };
}
