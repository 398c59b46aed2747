import { readReached } from '../../contracts/caps.ts';
import type { SqliteDatabase } from '../../sqlite/database.ts';
import { type ChainNode, LAST_OPENING_MS, READY_HOP_MS } from '../protocol/node.ts';
import type { DueFilter, ModuleSnapshot, NodeFilter, RunSnapshot } from '../protocol/reads.ts';
import { COLUMNS, type RowColumns, toChainNode, toRow } from './tables/node-row.ts';
import { openCount, type RunScope, type Scopes } from './tables/scopes.ts';

/** Reads nodes of a run: page by page in the order of their creation, or those that are due first. */
export class NodeLister {
  readonly #scopes: Scopes;
  readonly #list;
  readonly #due;
  readonly #numberOf;

  constructor(db: SqliteDatabase, scopes: Scopes) {
    this.#scopes = scopes;
    const columns = COLUMNS.replaceAll(/\w+/g, 'n.$&');
    this.#numberOf = db.prepare('SELECT no FROM chain_nodes WHERE id = ?');
    this.#list = db.prepare(
      `SELECT ${columns} FROM chain_runs r JOIN chain_modules m ON m.run_no = r.no JOIN chain_phases p ON p.module_no = m.no
         JOIN chain_nodes n ON n.phase_no = p.no
       WHERE r.run_id = ? AND n.no > ? AND (? = '' OR n.state = ?) AND (? = '' OR n.death_reason = ?)
       ORDER BY n.no LIMIT ?`,
    );
    this.#due = db.prepare(
      `SELECT ${columns} FROM chain_nodes n WHERE n.phase_no = ? AND n.due_at > 0 AND n.due_at >= ? AND n.due_at < ?
       ORDER BY n.due_at, n.no LIMIT ?`,
    );
    // Arrays are faster than objects, as in {@link Nodes}.
    this.#list.setReturnArrays(true);
    this.#due.setReturnArrays(true);
  }

  listDue({ runId, limit }: DueFilter): ChainNode[] {
    const phases = this.#scopes.run(runId)?.modules.flatMap((module) => module.phases) ?? [];
    return phases.flatMap((phase) => {
      const timed = this.#due.all(phase.no, 0, READY_HOP_MS, limit);
      const waiting = this.#due.all(phase.no, LAST_OPENING_MS, Number.MAX_SAFE_INTEGER, limit);
      return ([...timed, ...waiting] as unknown as RowColumns[]).map((row) => toChainNode(toRow(row), phase));
    });
  }

  list({ runId, state = '' as ChainNode['state'], deathReason, limit, after }: NodeFilter): ChainNode[] {
    const reason = deathReason ?? '';
    const behind = after === undefined ? 0 : ((this.#numberOf.get(after)?.no as number | undefined) ?? 0);
    const rows = this.#list.all(runId, behind, state, state, reason, reason, limit) as unknown as RowColumns[];
    return rows.map(toRow).map((row) => toChainNode(row, this.#scopes.phase(row.phase_no)));
  }
}

export function snapshot(run: RunScope): RunSnapshot {
  return {
    runId: run.runId,
    state: run.state === 'expired' ? 'closed' : run.state,
    mark: run.mark,
    reason: run.reason,
    paused: run.paused,
    openings: run.openings,
    ...(run.capUse === undefined ? {} : { capUse: { ...run.capUse, reached: readReached(run.capUse.reached) } }),
    modules: run.modules.map((module): ModuleSnapshot => {
      const { moduleId, state, reason, currentPhase, front, revision, executions, errors, cooldownUntilMs } = module;
      const phases = module.phases.map((phase) => {
        const { created, done, dead, leftOut, closed } = phase;
        return {
          created,
          done,
          dead: dead - leftOut,
          ...(leftOut === 0 ? {} : { leftOut }),
          open: openCount(phase),
          inside: { ...phase.inside },
          ready: { ...phase.ready },
          closed,
        };
      });
      return { moduleId, state, reason, currentPhase, front, revision, phases, executions, errors, cooldownUntilMs };
    }),
  };
}
