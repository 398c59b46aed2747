/** Takes due entries and moves their due times forward, so that another sweeper takes them if this one dies. */
import { dispatchGraceMs } from '../protocol/policy.ts';
import type { DueEntry, DueTakeCommand, DueTakeOutcome } from '../protocol/sweep.ts';
import { brokenIn, type NodeRow } from './tables/node-row.ts';
import { type ModuleScope, openCount, type PhaseScope, type RunScope } from './tables/scopes.ts';
import { hasLeftBehind, isMarked, pendingWakeUp, refOf, type Tx, toWakeUp } from './tx.ts';

export function dueTake(tx: Tx, { limit }: DueTakeCommand): DueTakeOutcome {
  const entries: DueEntry[] = [];
  let left = limit;
  for (const run of tx.scopes.unclosed()) {
    if (run.state === 'closing') {
      closeEntry(tx, run, entries);
      continue;
    }
    for (const module of run.modules) earlyEntry(tx, module, entries);
    for (const phase of run.modules.flatMap((module) => module.phases)) {
      scopeEntries(tx, phase, entries);
      if (left === 0 || !isSwept(phase)) continue;
      const due = tx.nodes.due(phase, tx.clock.now(), left);
      left -= due.length;
      for (const row of due) entries.push(take(tx, row, phase));
    }
  }
  return { entries, more: left === 0 };
}

/** How long the oldest node that {@link dueTake} would take has been due; 0 when there is none. */
export function oldestOverdueMs(tx: Tx): number {
  const nowMs = tx.clock.now();
  const due = tx.scopes
    .unclosed()
    .flatMap((run) => run.modules.flatMap((module) => module.phases))
    .filter(isSwept)
    .flatMap((phase) => tx.nodes.due(phase, nowMs, 1));
  return due.reduce((longest, { due_at }) => Math.max(longest, nowMs - due_at), 0);
}

/** Whether the due nodes of a phase are taken. */
function isSwept(phase: PhaseScope): boolean {
  const { run, state, front } = phase.module;
  if (run.state !== 'open' || run.paused || run.mark !== '' || openCount(phase) === 0) return false;
  return state === 'open' && phase.idx <= front;
}

function closeEntry(tx: Tx, run: RunScope, entries: DueEntry[]): void {
  if (run.closeAtMs > tx.clock.now()) return;
  run.closeAtMs = tx.clock.now() + tx.policy.decisionGraceMs;
  entries.push({ kind: 'settle', runId: run.runId });
}

function earlyEntry(tx: Tx, module: ModuleScope, entries: DueEntry[]): void {
  const { run, moduleId, earlyAtMs, state } = module;
  if (earlyAtMs === 0 || earlyAtMs > tx.clock.now() || state !== 'open' || run.mark !== '') return;
  entries.push({ kind: 'early', runId: run.runId, moduleId });
}

/** What a phase needs: closing at its deadline, or draining. */
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

/** Moves the due time of a node forward, and returns what the sweeper has to do. */
function take(tx: Tx, row: NodeRow, phase: PhaseScope): DueEntry {
  const node = refOf(row, phase);
  // The recovery reports what is wrong with this node; the others are still swept.
  if (brokenIn(row) !== undefined) return { kind: 'recover', node, isFetched: false };
  const nowMs = tx.clock.now();
  const wasRetry = row.state === 'retry';
  switch (row.state) {
    case 'processing':
      // Not moved: the due time is the end of the lease, and the recovery itself moves it.
      return { kind: 'recover', node, isFetched: false };
    case 'fetched':
      // Its response may still wait for the parser.
      row.due_at = nowMs + tx.policy.responseGraceMs;
      tx.nodes.save(row);
      return { kind: 'recover', node, isFetched: true };
    case 'releasing':
      row.due_at = nowMs + tx.policy.dispatchGraceMs;
      tx.nodes.save(row);
      return { kind: 'pump', node };
    case 'failed':
      row.due_at = nowMs + tx.policy.decisionGraceMs;
      tx.nodes.save(row);
      return { kind: 'notify', wakeUp: toWakeUp(row, phase, 'error') };
    default:
      row.state = 'pending';
      row.token = '';
      row.owner = '';
      row.due_at = nowMs + dispatchGraceMs(tx.policy, row.dispatches);
      row.dispatches += 1;
      tx.nodes.save(row);
      return { kind: 'notify', wakeUp: wasRetry ? toWakeUp(row, phase, 'error_task') : pendingWakeUp(row, phase) };
  }
}
