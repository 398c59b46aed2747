/** Opens, controls, closes, audits and purges runs. */
import { type Caps, hasCaps } from '../../contracts/caps.ts';
import { EVENTS } from '../../contracts/events.ts';
import type { SqliteDatabase } from '../../sqlite/database.ts';
import { assertChildren } from '../protocol/assertions.ts';
import { LAST_OPENING_MS, READY_HOP_MS } from '../protocol/node.ts';
import type { WakeUp } from '../protocol/outcome.ts';
import {
  type AuditReport,
  ControlCode,
  type PurgeCommand,
  type PurgeOutcome,
  RunOpenCode,
  type RunOpenCommand,
  SettleCode,
} from '../protocol/runs.ts';
import { createChildren } from './children.ts';
import { markTask } from './errors.ts';
import { advancePhases } from './phases.ts';
import { type CapCounts, openCount } from './tables/scopes.ts';
import type { Tx } from './tx.ts';

/** Writes the rows of a run, its modules and their phases. */
export class Plans {
  readonly #run;
  readonly #module;
  readonly #phase;

  constructor(db: SqliteDatabase) {
    this.#run = db.prepare(
      `INSERT INTO chain_runs (run_id, task_id, state, cap_use) VALUES (?, ?, 'open', ?) RETURNING no`,
    );
    this.#module = db.prepare(
      `INSERT INTO chain_modules (run_no, module_id, state, early_at, fetch_steps) VALUES (?, ?, 'open', ?, ?) RETURNING no`,
    );
    this.#phase = db.prepare(
      'INSERT INTO chain_phases (module_no, idx, deadline_at, join_policy, opener) VALUES (?, ?, ?, ?, ?)',
    );
  }

  insert({ runId, taskId = '', modules, caps }: RunOpenCommand): void {
    const capUse = hasCaps(caps) ? JSON.stringify(unused(caps)) : '';
    const runNo = this.#run.get(runId, taskId, capUse)!.no as number;
    for (const module of modules) {
      const fetchSteps = capUse === '' ? '' : (module.fetchSteps ?? []).join(',');
      const moduleNo = this.#module.get(runNo, module.moduleId, module.earlyAtMs ?? 0, fetchSteps)!.no as number;
      for (const [idx, phase] of module.phases.entries()) {
        const opener = phase.opener === undefined ? '' : JSON.stringify(phase.opener);
        this.#phase.run(moduleNo, idx, phase.deadlineAtMs ?? 0, JSON.stringify(phase.join), opener);
      }
    }
  }
}

function unused(caps: Caps): CapCounts {
  return { caps, pages: 0, items: 0, bytes: 0, reached: '', leftOut: 0, itemsLeftOut: 0 };
}

export function runOpen(tx: Tx, plans: Plans, command: RunOpenCommand) {
  const { runId, modules } = command;
  const known = tx.scopes.run(runId);
  if (known !== undefined) {
    const code = known.state === 'open' ? RunOpenCode.ALREADY_OPEN : RunOpenCode.RUN_CLOSED;
    return { code, wakeUps: [] as WakeUp[] };
  }
  for (const { first, phases } of modules) assertChildren(first, 0, phases.length);
  plans.insert(command);
  const run = tx.scopes.run(runId)!;
  tx.events.append(run, EVENTS.TaskAccepted.type, runId, run.openings, tx.clock.now(), {
    modules: modules.map((module) => module.moduleId),
  });
  const wakeUps: WakeUp[] = [];
  for (const [at, module] of run.modules.entries()) {
    const phase = module.phases[0]!;
    const { first } = modules[at]!;
    wakeUps.push(...createChildren(tx, first, { phase, row: undefined }, first.length).wakeUps);
    wakeUps.push(...advancePhases(tx, module));
  }
  return { code: RunOpenCode.OPENED, wakeUps };
}

export function runControl(
  tx: Tx,
  { runId, action }: { readonly runId: string; readonly action: 'pause' | 'resume' | 'cancel' },
) {
  const run = tx.scopes.run(runId);
  if (run === undefined || run.state !== 'open') return ControlCode.RUN_CLOSED;
  if (run.mark !== '') return ControlCode.NO_CHANGE;
  if (action === 'cancel') {
    markTask(tx, run, 'cancelled', 'cancelled');
    return ControlCode.DONE;
  }
  const paused = action === 'pause';
  if (run.paused === paused) return ControlCode.NO_CHANGE;
  run.paused = paused;
  tx.scopes.touchRun(run);
  return ControlCode.DONE;
}

export function runSettle(tx: Tx, { runId }: { readonly runId: string }) {
  const run = tx.scopes.run(runId);
  if (run === undefined || run.state !== 'closing') return SettleCode.NOT_CLOSING;
  run.state = 'closed';
  tx.scopes.touchRun(run);
  return SettleCode.SETTLED;
}

interface Counted {
  readonly nodes: number;
  readonly done: number;
  readonly dead: number;
  readonly superseded: number;
  readonly leftOut: number;
  readonly due: number;
  readonly insideHops: number;
  readonly insideRequests: number;
  readonly readyHops: number;
  readonly readyRequests: number;
}

/** The place of a row in its module's window, as {@link windowNumber} computes it. */
const PLACE = `(CASE
  WHEN state = 'pending' THEN CASE WHEN due_at < ${READY_HOP_MS} THEN 1 WHEN due_at < ${LAST_OPENING_MS} THEN 2 ELSE 0 END
  WHEN state IN ('retry', 'done', 'dead') THEN 0 ELSE 1 END)`;

/** Recounts phases from their nodes. */
export class Audit {
  readonly #count;
  readonly #repairDue;
  readonly #repairPlace;

  constructor(db: SqliteDatabase) {
    this.#count = db.prepare(
      `SELECT count(*) AS nodes, coalesce(sum(state = 'done'), 0) AS done, coalesce(sum(state = 'dead'), 0) AS dead,
         coalesce(sum(death_reason = 'superseded'), 0) AS superseded,
         coalesce(sum(death_reason = 'left_out'), 0) AS leftOut, coalesce(sum(due_at > 0), 0) AS due,
         coalesce(sum(${PLACE} = 1 AND kind = 'hop'), 0) AS insideHops,
         coalesce(sum(${PLACE} = 1 AND kind = 'request'), 0) AS insideRequests,
         coalesce(sum(${PLACE} = 2 AND kind = 'hop'), 0) AS readyHops,
         coalesce(sum(${PLACE} = 2 AND kind = 'request'), 0) AS readyRequests
       FROM chain_nodes WHERE phase_no = ?`,
    );
    this.#repairDue = db.prepare(
      `UPDATE chain_nodes SET due_at = CASE WHEN state IN ('done', 'dead') THEN 0 ELSE ? END
       WHERE phase_no = ? AND (due_at > 0) = (state IN ('done', 'dead'))`,
    );
    this.#repairPlace = db.prepare(
      `UPDATE chain_nodes SET window_place = ${PLACE} WHERE phase_no = ? AND window_place <> ${PLACE}`,
    );
  }

  count(phaseNo: number): Counted {
    return this.#count.get(phaseNo) as unknown as Counted;
  }

  repair(phaseNo: number, nowMs: number): void {
    this.#repairDue.run(nowMs, phaseNo);
    this.#repairPlace.run(phaseNo);
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
      ['left out', phase.leftOut, counted.leftOut],
      ['due', openCount(phase), counted.due],
      ['hops inside', phase.inside.hop, counted.insideHops],
      ['requests inside', phase.inside.request, counted.insideRequests],
      ['ready hops', phase.ready.hop, counted.readyHops],
      ['ready requests', phase.ready.request, counted.readyRequests],
    ] as const;
    for (const [name, kept, actual] of pairs) {
      if (kept !== actual) drift.push(`${where}: ${name} is kept as ${kept}, the nodes say ${actual}`);
    }
    phase.created = counted.nodes;
    phase.done = counted.done;
    phase.dead = counted.dead;
    phase.superseded = counted.superseded;
    phase.leftOut = counted.leftOut;
    phase.ready.hop = counted.readyHops;
    phase.ready.request = counted.readyRequests;
    phase.inside.hop = counted.insideHops;
    phase.inside.request = counted.insideRequests;
    tx.scopes.touchPhase(phase);
    audit.repair(phase.no, tx.clock.now());
  }
  tx.nodes.forgetLeased();
  return { nodes, drift };
}

/** Deletes closed runs in batches. */
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

  /** Deletes nodes of the phase; returns how many. */
  deleteNodes(phaseNo: number, limit: number): number {
    const rows = this.#nodes.all(phaseNo, limit);
    for (const row of rows) this.#staged.run(row.no as number);
    return rows.length;
  }

  /** Deletes the run itself, with its modules, phases, gates and events. */
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
