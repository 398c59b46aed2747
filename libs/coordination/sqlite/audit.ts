import type { SqliteDatabase } from '../../sqlite/database.ts';
import type { AuditReport } from '../protocol/runs.ts';
import { openCount } from './tables/scopes.ts';
import type { Tx } from './tx.ts';

interface Counted {
  readonly nodes: number;
  readonly done: number;
  readonly dead: number;
  readonly superseded: number;
  readonly due: number;
}

/** Recounts phases from their nodes. */
export class Audit {
  readonly #count;
  readonly #repairDue;

  constructor(db: SqliteDatabase) {
    this.#count = db.prepare(
      `SELECT count(*) AS nodes, coalesce(sum(state = 'done'), 0) AS done, coalesce(sum(state = 'dead'), 0) AS dead,
         coalesce(sum(death_reason = 'superseded'), 0) AS superseded, coalesce(sum(due_at > 0), 0) AS due
       FROM chain_nodes WHERE phase_no = ?`,
    );
    this.#repairDue = db.prepare(
      `UPDATE chain_nodes SET due_at = CASE WHEN state IN ('done', 'dead') THEN 0 ELSE ? END
       WHERE phase_no = ? AND (due_at > 0) = (state IN ('done', 'dead'))`,
    );
  }

  count(phaseNo: number): Counted {
    return this.#count.get(phaseNo) as unknown as Counted;
  }

  repairDue(phaseNo: number, nowMs: number): void {
    this.#repairDue.run(nowMs, phaseNo);
  }
}

export function runAudit(tx: Tx, audit: Audit, { runId }: { readonly runId: string }): AuditReport {
  const drift: string[] = [];
  let nodes = 0;
  for (const phase of tx.scopes.run(runId)?.modules.flatMap((module) => module.phases) ?? []) {
    const counted = audit.count(phase.no);
    nodes += counted.nodes;
    const where = `${phase.module.moduleId} phase ${phase.idx}`;
    const pairs = [
      ['created', phase.created, counted.nodes],
      ['done', phase.done, counted.done],
      ['dead', phase.dead, counted.dead],
      ['superseded', phase.superseded, counted.superseded],
      ['due', openCount(phase), counted.due],
    ] as const;
    for (const [name, kept, actual] of pairs) {
      if (kept !== actual) drift.push(`${where}: ${name} is kept as ${kept}, the nodes say ${actual}`);
    }
    phase.created = counted.nodes;
    phase.done = counted.done;
    phase.dead = counted.dead;
    phase.superseded = counted.superseded;
    tx.scopes.touchPhase(phase);
    audit.repairDue(phase.no, tx.clock.now());
  }
  tx.nodes.forgetLeased();
  return { nodes, drift };
}
