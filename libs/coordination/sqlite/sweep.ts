/** Takes due entries and moves their due times forward, so that another sweeper takes them if this one dies. */
import { type NodeKind, readyAt } from '../protocol/node.ts';
import type { WakeUp } from '../protocol/outcome.ts';
import { dispatchGraceMs } from '../protocol/policy.ts';
import {
  type DueEntry,
  type DueTakeCommand,
  type DueTakeOutcome,
  type FillCommand,
  type FillOutcome,
  MAX_ENDS,
} from '../protocol/sweep.ts';
import { leftOutNodes } from './caps.ts';
import { brokenIn, type NodeRow } from './tables/node-row.ts';
import { type ModuleScope, openCount, type PhaseScope, type RunScope } from './tables/scopes.ts';
import { hasLeftBehind, isMarked, pendingWakeUp, refOf, type Tx, toWakeUp } from './tx.ts';
import { fillable, phaseToFill, windowRoom } from './window.ts';

/** Deadlines and early openings come first, then nodes, then the ends of runs. */
export function dueTake(tx: Tx, { limit }: DueTakeCommand): DueTakeOutcome {
  const times: DueEntry[] = [];
  const nodes: DueEntry[] = [];
  const ends: DueEntry[] = [];
  let left = limit;
  for (const run of tx.scopes.unclosed()) {
    if (run.state === 'closing') {
      if (ends.length < MAX_ENDS) closeEntry(tx, run, ends);
      continue;
    }
    for (const module of run.modules) earlyEntry(tx, module, times);
    for (const phase of run.modules.flatMap((module) => module.phases)) {
      deadlineEntry(tx, phase, times);
      drainEntry(tx, phase, nodes);
      if (left === 0 || !isSwept(phase)) continue;
      const due = tx.nodes.due(phase, tx.clock.now(), left);
      left -= due.length;
      // The first created goes first, if the window has not room for all.
      due.sort((one, other) => one.place - other.place);
      for (const row of due) nodes.push(...take(tx, row, phase));
    }
    for (const module of run.modules) {
      const taken = fill(tx, module, { hop: left, request: left });
      left = Math.max(0, left - taken.length);
      nodes.push(...taken.map((wakeUp) => ({ kind: 'notify', wakeUp }) as const));
    }
  }
  return { entries: [...times, ...nodes, ...ends], more: left === 0 || ends.length === MAX_ENDS };
}

/** Lets ready nodes of one phase into the module's window, up to so many of each kind; returns their wake-ups. */
function fill(tx: Tx, module: ModuleScope, most: Readonly<Record<NodeKind, number>>, only?: number): WakeUp[] {
  const phase = phaseToFill(tx, module);
  if (phase === undefined || (only !== undefined && phase.idx !== only)) return [];
  const rows: NodeRow[] = [];
  for (const kind of ['hop', 'request'] as const) {
    const limit = Math.min(most[kind], fillable(tx, phase, kind));
    if (limit > 0) rows.push(...tx.nodes.ready(phase, kind, limit));
  }
  return rows.map((row) => letIn(tx, row, phase, tx.clock.now()));
}

export function windowFill(tx: Tx, { runId, moduleId, phase, hops, requests }: FillCommand): FillOutcome {
  const module = tx.scopes.run(runId)?.modules.find((each) => each.moduleId === moduleId);
  if (module === undefined) return { wakeUps: [] };
  const wakeUps = fill(tx, module, { hop: hops, request: requests }, phase);
  const next = phaseToFill(tx, module);
  return { wakeUps, ...(next === undefined ? {} : { toFill: next.idx }) };
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

function drainEntry(tx: Tx, phase: PhaseScope, entries: DueEntry[]): void {
  const isLeft = hasLeftBehind(tx, phase) || (phase.closed === '' && leftOutNodes(tx, phase, 1).length > 0);
  if (isLeft) entries.push({ kind: 'drain', ...scopeOf(phase) });
}

function scopeOf({ module: { run, moduleId }, idx }: PhaseScope) {
  return { runId: run.runId, moduleId, phase: idx };
}

function deadlineEntry(tx: Tx, phase: PhaseScope, entries: DueEntry[]): void {
  const { module, idx } = phase;
  const isCurrent = module.state === 'open' && module.currentPhase === idx && phase.closed === '';
  if (isCurrent && !isMarked(module) && phase.deadlineAtMs > 0 && phase.deadlineAtMs <= tx.clock.now()) {
    entries.push({ kind: 'deadline', ...scopeOf(phase) });
  }
}

/** Moves the due time of a node forward, and returns what the sweeper has to do: nothing while there is no room for the node. */
function take(tx: Tx, row: NodeRow, phase: PhaseScope): DueEntry[] {
  const node = refOf(row, phase);
  // The recovery reports what is wrong with this node; the others are still swept.
  if (brokenIn(row) !== undefined) return [{ kind: 'recover', node, isFetched: false }];
  const nowMs = tx.clock.now();
  switch (row.state) {
    case 'processing':
      // Not moved: the due time is the end of the lease, and the recovery itself moves it.
      return [{ kind: 'recover', node, isFetched: false }];
    case 'fetched':
      // Its response may still wait for the parser.
      row.due_at = nowMs + tx.policy.responseGraceMs;
      tx.nodes.save(row);
      return [{ kind: 'recover', node, isFetched: true }];
    case 'releasing':
      row.due_at = nowMs + tx.policy.dispatchGraceMs;
      tx.nodes.save(row);
      return [{ kind: 'pump', node }];
    case 'failed':
      row.due_at = nowMs + tx.policy.decisionGraceMs;
      tx.nodes.save(row);
      return [{ kind: 'notify', wakeUp: toWakeUp(row, phase, 'error') }];
    default:
      if (row.window_place === 0 && windowRoom(tx, phase.module, row.kind) === 0) {
        standReady(tx, row);
        return [];
      }
      return [{ kind: 'notify', wakeUp: letIn(tx, row, phase, nowMs) }];
  }
}

/** A retry whose time has come, or what waited for the last opening, while the window has no room. */
function standReady(tx: Tx, row: NodeRow): void {
  row.state = 'pending';
  row.token = '';
  row.owner = '';
  row.due_at = readyAt(row.kind, row.place);
  tx.nodes.save(row);
}

/** The node is inside the window from now on, with its dispatch grace. */
function letIn(tx: Tx, row: NodeRow, phase: PhaseScope, nowMs: number): WakeUp {
  const wasRetry = row.state === 'retry';
  row.state = 'pending';
  row.token = '';
  row.owner = '';
  row.due_at = nowMs + dispatchGraceMs(tx.policy, row.dispatches);
  row.dispatches += 1;
  tx.nodes.save(row);
  return wasRetry ? toWakeUp(row, phase, 'error_task') : pendingWakeUp(row, phase);
}
