/**
 * How phases follow each other and runs end. A phase is over when none of its nodes is open, or when its deadline has closed it;
 * the next one opens in the same transition. After the last phase the module is over, then the run, which stays `closing` until
 * its end is in the store.
 */
import { EVENTS } from '../../contracts/events.ts';
import { invariantBroken } from '../protocol/assertions.ts';
import { failureData } from '../protocol/failed-node.ts';
import { type DeathReason, LAST_OPENING_MS } from '../protocol/node.ts';
import type { WakeUp } from '../protocol/outcome.ts';
import {
  DrainCode,
  type DrainCommand,
  type DrainOutcome,
  EarlyOpenCode,
  type EarlyOpenCommand,
  NOTHING_DRAINED,
  PhaseCloseCode,
  type PhaseCloseCommand,
} from '../protocol/phases.ts';
import { countLeftOut, leftOutNodes } from './caps.ts';
import { createChildren, executeAgain } from './children.ts';
import { failedNode, type NodeRow } from './tables/node-row.ts';
import { type ModuleScope, moduleOpenCount, openCount, type PhaseScope, type RunScope } from './tables/scopes.ts';
import { isMarked, pendingWakeUp, refOf, type Tx } from './tx.ts';

export function phaseClose(tx: Tx, { runId, moduleId, phase: idx }: PhaseCloseCommand) {
  const run = tx.scopes.run(runId);
  const module = run?.modules.find((each) => each.moduleId === moduleId);
  const phase = module?.phases[idx];
  const isCurrent = module?.state === 'open' && module.currentPhase === idx && phase?.closed === '';
  if (run?.state !== 'open' || run.mark !== '' || module === undefined || phase === undefined || !isCurrent) {
    return { code: PhaseCloseCode.ALREADY_CLOSED, wakeUps: [] as WakeUp[] };
  }
  phase.closed = 'deadline';
  tx.scopes.touchPhase(phase);
  return { code: PhaseCloseCode.CLOSED, wakeUps: advancePhases(tx, module) };
}

export function earlyOpen(tx: Tx, { runId, moduleId }: EarlyOpenCommand) {
  const module = tx.scopes.run(runId)?.modules.find((each) => each.moduleId === moduleId);
  const isOpen = module?.state === 'open' && module.run.state === 'open' && module.run.mark === '';
  const refused = { code: EarlyOpenCode.NOT_OPENED, wakeUps: [] as WakeUp[] };
  if (module === undefined || !isOpen || module.earlyAtMs === 0) return refused;
  module.earlyAtMs = 0;
  tx.scopes.touchModule(module);
  const { phases, currentPhase } = module;
  const current = phases[currentPhase];
  const hasOpener = phases.some(({ opener, idx }) => idx > currentPhase && opener !== undefined);
  if (current === undefined || !hasOpener || !joinHolds(current)) return refused;
  return { code: EarlyOpenCode.OPENED, wakeUps: openNextEarly(tx, module) };
}

/** The early opening goes on to the next phase, and further as long as these are empty. */
function openNextEarly(tx: Tx, module: ModuleScope): WakeUp[] {
  const wakeUps: WakeUp[] = [];
  for (;;) {
    module.front += 1;
    tx.scopes.touchModule(module);
    const next = module.phases[module.front];
    if (next === undefined) return wakeUps;
    wakeUps.push(...openPhase(tx, next));
    if (!isOverEarly(tx, next)) return wakeUps;
  }
}

/** Whether the next phase may open early: nothing is open in this one but what waits for its last opening. */
function isOverEarly(tx: Tx, phase: PhaseScope): boolean {
  return (openCount(phase) === 0 || !tx.nodes.hasOpenBefore(phase, LAST_OPENING_MS)) && joinHolds(phase);
}

export function scopeDrain(tx: Tx, { runId, moduleId, phase: idx, limit }: DrainCommand): DrainOutcome {
  const module = tx.scopes.run(runId)?.modules.find((each) => each.moduleId === moduleId);
  const phase = module?.phases[idx];
  if (module === undefined || phase === undefined) return NOTHING_DRAINED;
  const { run } = module;
  const marked = isMarked(module);
  const isOver = marked || phase.closed !== '';
  const rows = run.state === 'open' ? drainable(tx, phase, { isOver, marked, limit }) : [];
  if (rows.length === 0) return NOTHING_DRAINED;
  for (const row of rows) {
    // A releasing node dies too: its items are kept, and a replay can still create the missing children.
    endDead(tx, row, phase, isOver ? drainReason(phase) : 'left_out');
  }
  const advances = module.state === 'open' && run.mark === '';
  const wakeUps = advances ? advancePhases(tx, module) : [];
  if (!advances) closeRunIfOver(tx, run);
  return { code: DrainCode.DRAINED, ended: rows.length, more: rows.length === limit, wakeUps };
}

function drainable(
  tx: Tx,
  phase: PhaseScope,
  { isOver, marked, limit }: { readonly isOver: boolean; readonly marked: boolean; readonly limit: number },
): NodeRow[] {
  if (isOver) return tx.nodes.open(phase, marked, limit);
  const rows = leftOutNodes(tx, phase, limit);
  if (rows.length > 0) countLeftOut(tx, phase.module.run, rows.length);
  return rows;
}

function drainReason(phase: PhaseScope): DeathReason {
  const { run, state } = phase.module;
  if (run.mark === 'cancelled') return 'cancelled';
  return run.mark === 'terminated' || state === 'terminated' ? 'terminated' : 'deadline_exceeded';
}

/** Ends a node as done. */
export function endDone(tx: Tx, row: NodeRow, phase: PhaseScope): void {
  row.state = 'done';
  row.due_at = 0;
  row.error = '';
  tx.nodes.save(row);
  phase.done += 1;
  tx.scopes.touchPhase(phase);
  assertNotNegative(row, phase);
}

/** Ends a node as dead, with a reason. */
export function endDead(tx: Tx, row: NodeRow, phase: PhaseScope, reason: DeathReason): void {
  row.state = 'dead';
  row.due_at = 0;
  row.death_reason = reason;
  tx.nodes.save(row);
  phase.dead += 1;
  if (reason === 'superseded') phase.superseded += 1;
  if (reason === 'left_out') phase.leftOut += 1;
  tx.scopes.touchPhase(phase);
  assertNotNegative(row, phase);
  if (reason === 'failed' || reason === 'crashed') {
    const { run } = phase.module;
    const data = { ...failureData(failedNode(row, run), reason), reason };
    tx.events.append(run, EVENTS.DeadLettered.type, row.id, row.epoch, tx.clock.now(), data);
  }
}

/** Asserts after a node has ended that no more nodes have ended than were created; pairs with the assertion before. */
function assertNotNegative(row: NodeRow, phase: PhaseScope): void {
  const { created, done, dead } = phase;
  if (created - done - dead >= 0) return;
  throw invariantBroken('I1', refOf(row, phase), `its phase counts ${created} created, ${done} done and ${dead} dead`);
}

/** Closes scopes that are over and opens the next phase; returns the wake-ups of the opening hops. */
export function advancePhases(tx: Tx, module: ModuleScope): WakeUp[] {
  const wakeUps: WakeUp[] = [];
  while (module.state === 'open' && module.run.mark === '') {
    const phase = module.phases[module.currentPhase];
    if (phase === undefined || (openCount(phase) > 0 && phase.closed === '')) break;
    if (phase.closed === '' && !joinHolds(phase)) {
      module.state = 'terminated';
      module.reason = 'join_failed';
      tx.scopes.touchModule(module);
      break;
    }
    closePhase(tx, phase);
    // Whatever an early opening has begun, the later phases open again.
    if (module.front > phase.idx) module.revision += 1;
    module.front = module.currentPhase;
    const next = module.phases[module.currentPhase];
    if (next !== undefined) wakeUps.push(...openPhase(tx, next));
  }
  const isOpenEarly = module.front > module.currentPhase && module.front < module.phases.length;
  if (module.state === 'open' && module.run.mark === '' && isOpenEarly) {
    if (isOverEarly(tx, module.phases[module.front]!)) wakeUps.push(...openNextEarly(tx, module));
  }
  const over = module.currentPhase >= module.phases.length && moduleOpenCount(module) === 0;
  if (module.state === 'open' && module.run.mark === '' && over) {
    module.state = 'done';
    tx.scopes.touchModule(module);
    const { run, moduleId } = module;
    tx.events.append(
      run,
      EVENTS.ModuleCompleted.type,
      `${run.runId}:${moduleId}`,
      module.phases.at(-1)!.closings,
      tx.clock.now(),
      {
        moduleId,
      },
    );
  }
  closeRunIfOver(tx, module.run);
  return wakeUps;
}

function closePhase(tx: Tx, phase: PhaseScope): void {
  const { module } = phase;
  if (phase.closed === '') phase.closed = 'settled';
  phase.closings += 1;
  module.currentPhase = phase.idx + 1;
  tx.scopes.touchPhase(phase);
  tx.scopes.touchModule(module);
  const subject = `${module.run.runId}:${module.moduleId}:${phase.idx}`;
  const { created, done, closed } = phase;
  const dead = phase.dead - phase.leftOut;
  tx.events.append(module.run, EVENTS.PhaseClosed.type, subject, phase.closings, tx.clock.now(), {
    moduleId: module.moduleId,
    phase: phase.idx,
    closed,
    created,
    done,
    dead,
  });
}

/** Notifies the hop that opens the phase, if any. Waiting hops of the phase are due already; the sweeper sees them now. */
function openPhase(tx: Tx, phase: PhaseScope): WakeUp[] {
  if (phase.opener === undefined) return [];
  const existing = tx.nodes.find(phase.opener.id);
  // A phase that opens again, after an early opening or by a replay with rejoin, runs its opener again.
  if (existing !== undefined && existing.state !== 'pending' && existing.death_reason !== 'superseded') {
    executeAgain(tx, existing, phase, tx.clock.now() + tx.policy.dispatchGraceMs);
    return [pendingWakeUp(existing, phase)];
  }
  return createChildren(tx, [phase.opener], { phase, row: undefined }, 1).wakeUps;
}

/** Whether the join's policy lets it start. */
function joinHolds(phase: PhaseScope): boolean {
  const dead = phase.dead - phase.superseded - phase.leftOut;
  const { join } = phase;
  if (join.kind === 'settle') return true;
  if (join.kind === 'failFast') return dead === 0;
  if (join.maxDead !== undefined && dead > join.maxDead) return false;
  return join.maxDeadRate === undefined || dead <= join.maxDeadRate * phase.created;
}

/** A run is closing when all its modules have ended; a marked run when its last node has ended. */
export function closeRunIfOver(tx: Tx, run: RunScope): void {
  if (run.state !== 'open') return;
  const over = run.modules.every((module) => {
    const ended = moduleOpenCount(module) === 0;
    return module.state === 'done' || (ended && (run.mark !== '' || module.state === 'terminated'));
  });
  if (!over) return;
  run.state = 'closing';
  tx.scopes.touchRun(run);
  for (const module of run.modules) {
    if (module.state !== 'open') continue;
    module.state = 'terminated';
    module.reason = run.reason;
    tx.scopes.touchModule(module);
  }
  tx.events.append(run, EVENTS.RunCompleted.type, run.runId, run.openings, tx.clock.now(), { mark: run.mark });
}
