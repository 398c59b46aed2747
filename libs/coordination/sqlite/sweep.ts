/** The sweeper's bounded steps: look, move staged children, end the nodes of a marked scope. */
import { MAX_CHILDREN, PumpCode, type PumpCommand, type PumpOutcome } from '../protocol/commits.ts';
import type { DeathReason } from '../protocol/node.ts';
import type { Bell } from '../protocol/outcome.ts';
import { DrainCode, type DrainCommand, type DrainOutcome } from '../protocol/phases.ts';
import { dispatchGraceMs } from '../protocol/policy.ts';
import type { DueEntry, DueTakeCommand, DueTakeOutcome } from '../protocol/sweep.ts';
import { createChildren } from './children.ts';
import { advancePhases, closeRunIfOver, endDead, endDone } from './phases.ts';
import type { NodeRow } from './tables/node-row.ts';
import { openCount, type PhaseScope, type RunScope } from './tables/scopes.ts';
import { findNode, hasLeftBehind, isLive, isMarked, pendingBell, type Tx, toBell } from './tx.ts';

export function dueTake(tx: Tx, { limit }: DueTakeCommand): DueTakeOutcome {
  const entries: DueEntry[] = [];
  let left = limit;
  for (const run of tx.scopes.unclosed()) {
    if (run.state === 'closing') {
      settleEntry(tx, run, entries);
      continue;
    }
    for (const phase of run.modules.flatMap((module) => module.phases)) {
      scopeEntries(tx, phase, entries);
      if (left === 0 || run.paused || run.mark !== '' || openCount(phase) === 0) continue;
      if (phase.module.state !== 'open' || phase.idx > phase.module.currentPhase) continue;
      const due = tx.nodes.due(phase, tx.clock.now(), left);
      left -= due.length;
      for (const row of due) entries.push(take(tx, row, phase));
    }
  }
  return { entries, more: left === 0 };
}

function settleEntry(tx: Tx, run: RunScope, entries: DueEntry[]): void {
  if (run.settleAtMs > tx.clock.now()) return;
  run.settleAtMs = tx.clock.now() + tx.policy.decisionGraceMs;
  entries.push({ kind: 'settle', runId: run.runId });
}

/** What a phase itself needs: its deadline, or the end of the nodes that a mark left behind. */
function scopeEntries(tx: Tx, phase: PhaseScope, entries: DueEntry[]): void {
  const { module, idx } = phase;
  const { run, moduleId } = module;
  const scope = { runId: run.runId, moduleId, phase: idx };
  if (hasLeftBehind(tx, phase)) entries.push({ kind: 'drain', ...scope });
  const isCurrent = module.state === 'open' && module.currentPhase === idx && phase.closed === '';
  if (isCurrent && !isMarked(module) && phase.deadlineAtMs > 0 && phase.deadlineAtMs <= tx.clock.now()) {
    entries.push({ kind: 'deadline', ...scope });
  }
}

/** Moves a due node forward, so that somebody looks again should its taker die here, and says what it needs. */
function take(tx: Tx, row: NodeRow, phase: PhaseScope): DueEntry {
  const { run, moduleId } = phase.module;
  const node = { id: row.id, runId: run.runId, moduleId, phase: phase.idx };
  const nowMs = tx.clock.now();
  const wasRetry = row.state === 'retry';
  switch (row.state) {
    case 'processing':
      // Not moved forward: its due time is its lease, and the recovery itself moves the node.
      return { kind: 'recover', node };
    case 'releasing':
      row.due_at = nowMs + tx.policy.dispatchGraceMs;
      tx.nodes.save(row);
      return { kind: 'pump', node };
    case 'failed':
      row.due_at = nowMs + tx.policy.decisionGraceMs;
      tx.nodes.save(row);
      return { kind: 'ring', bell: toBell(row, phase, 'error') };
    default:
      if (row.state === 'fetched') row.attempts = Math.max(0, row.attempts - 1);
      row.state = 'pending';
      row.token = '';
      row.owner = '';
      row.due_at = nowMs + dispatchGraceMs(tx.policy, row.dispatches);
      row.dispatches += 1;
      tx.nodes.save(row);
      return { kind: 'ring', bell: wasRetry ? toBell(row, phase, 'error_task') : pendingBell(row, phase) };
  }
}

export function childrenPump(tx: Tx, { node, bells }: PumpCommand): PumpOutcome {
  const found = findNode(tx, node);
  // Under a mark no child comes into being: the node is ended with its scope.
  if (found === undefined || found.row.state !== 'releasing' || !isLive(found)) {
    return { code: PumpCode.NOT_RELEASING, bells: [], released: [], created: 0, gateLost: 0, more: false };
  }
  const { row, phase, module } = found;
  const seeds = tx.staged.take(row, MAX_CHILDREN);
  const created = createChildren(tx, seeds, { phase, reopened: row.reopened === 1 }, bells);
  const others = tx.staged.deleteOthers(row, MAX_CHILDREN);
  const more = others || tx.staged.count(row) > 0;
  const opened: Bell[] = [];
  if (more) {
    row.due_at = tx.clock.now() + tx.policy.dispatchGraceMs;
    tx.nodes.save(row);
  } else {
    endDone(tx, row, phase);
    opened.push(...advancePhases(tx, module));
  }
  tx.staged.forget(row.token);
  const { fresh, reopened, gateLost, released } = created;
  return {
    code: PumpCode.MOVED,
    bells: [...created.bells, ...opened],
    released,
    created: fresh.length + reopened,
    gateLost,
    more,
  };
}

export function scopeDrain(tx: Tx, { runId, moduleId, phase: idx, limit }: DrainCommand): DrainOutcome {
  const module = tx.scopes.run(runId)?.modules.find((each) => each.moduleId === moduleId);
  const phase = module?.phases[idx];
  if (module === undefined || phase === undefined) return { code: DrainCode.NOTHING_TO_DRAIN, ended: 0, more: false };
  const { run } = module;
  const marked = isMarked(module);
  const drainable = run.state === 'open' && (marked || phase.closed !== '');
  const rows = drainable ? tx.nodes.open(phase, marked, limit) : [];
  if (rows.length === 0) return { code: DrainCode.NOTHING_TO_DRAIN, ended: 0, more: false };
  for (const row of rows) {
    // One that was releasing dies too: its items stand, and a replay can still bring the children that never came.
    endDead(tx, row, phase, drainReason(phase));
  }
  if (module.state === 'open' && run.mark === '') advancePhases(tx, module);
  else closeRunIfOver(tx, run);
  return { code: DrainCode.DRAINED, ended: rows.length, more: rows.length === limit };
}

function drainReason(phase: PhaseScope): DeathReason {
  const { run, state } = phase.module;
  if (run.mark === 'cancelled') return 'cancelled';
  return run.mark === 'terminated' || state === 'terminated' ? 'terminated' : 'deadline_exceeded';
}
