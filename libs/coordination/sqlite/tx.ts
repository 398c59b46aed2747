import type { Clock } from '../../clock/clock.ts';
import { invariantBroken } from '../protocol/assertions.ts';
import { LAST_OPENING_MS, type NodeRef } from '../protocol/node.ts';
import type { WakeUp } from '../protocol/outcome.ts';
import type { CoordinatorPolicy } from '../protocol/policy.ts';
import type { Events } from './tables/events.ts';
import type { FallbackGates } from './tables/fallback-gates.ts';
import { assertRow, type NodeRow } from './tables/node-row.ts';
import type { Nodes } from './tables/nodes.ts';
import type { ReorderBuffer } from './tables/reorder.ts';
import { type ModuleScope, openCount, type PhaseScope, type RunScope, type Scopes } from './tables/scopes.ts';
import type { Staged } from './tables/staged.ts';

/** The context of a transition; valid inside one transaction. */
export interface Tx {
  readonly clock: Clock;
  readonly policy: CoordinatorPolicy;
  readonly scopes: Scopes;
  readonly nodes: Nodes;
  readonly staged: Staged;
  readonly reorder: ReorderBuffer;
  readonly events: Events;
  readonly fallbackGates: FallbackGates;
  /** Returns a new, unique fencing value. */
  readonly nextToken: () => string;
}

/** A node with its run, module and phase. */
export interface Found {
  readonly row: NodeRow;
  readonly phase: PhaseScope;
  readonly module: ModuleScope;
  readonly run: RunScope;
}

/** Finds a node; undefined when it does not exist. Throws `coordinator.invariant_broken` when its row is inconsistent. */
export function findNode(tx: Tx, ref: NodeRef): Found | undefined {
  const row = tx.nodes.find(ref.id);
  if (row === undefined) return undefined;
  assertRow(row);
  const phase = tx.scopes.phase(row.phase_no);
  return { row, phase, module: phase.module, run: phase.module.run };
}

/**
 * Asserts before a transition ends an open node that its phase counts it, and that no other is open if it is the last.
 * Otherwise a join would fire early.
 */
export function assertCounted(tx: Tx, { row, phase }: Found): void {
  const open = openCount(phase);
  if (open > 1) return;
  const actual = tx.nodes.countOpen(phase, 2);
  if (open === 1 && actual === 1) return;
  throw invariantBroken('I1', refOf(row, phase), `its phase counts ${open} open nodes, and has ${actual} or more`);
}

export function refOf(row: NodeRow, phase: PhaseScope): NodeRef {
  const { run, moduleId } = phase.module;
  return { id: row.id, runId: run.runId, moduleId, phase: phase.idx };
}

/** Whether a mark has ended the module or its run, so that its open nodes must be drained. */
export function isMarked({ run, state }: ModuleScope): boolean {
  return run.mark !== '' || state === 'terminated';
}

/** Whether the phase has open nodes to drain, because a mark or its deadline ended it. */
export function hasLeftBehind(tx: Tx, phase: PhaseScope): boolean {
  if (openCount(phase) === 0) return false;
  return isMarked(phase.module) || (phase.closed !== '' && tx.nodes.hasOriginalOpen(phase));
}

/** A re-opened node stays open in its closed phase. */
export function isLive({ row, phase, module, run }: Found): boolean {
  if (run.state !== 'open' || run.mark !== '' || module.state !== 'open') return false;
  return phase.closed === '' || row.reopened === 1;
}

/** A hop of a later phase waits for that phase to open; while it is open early, some wait for its last opening. */
export function isHeld(phase: PhaseScope, dueAtMs: number): boolean {
  const { front, currentPhase } = phase.module;
  return phase.idx > front || (phase.idx > currentPhase && dueAtMs >= LAST_OPENING_MS);
}

export function toWakeUp(row: NodeRow, phase: PhaseScope, kind: WakeUp['kind']): WakeUp {
  return {
    kind,
    node: refOf(row, phase),
    stepIdx: row.step_idx,
    prefixRequest: row.prefix_request,
    epoch: row.epoch,
    dispatch: row.dispatches,
    attempts: row.attempts,
    nodeKind: row.kind,
    limitKey: row.limit_key,
    error: kind === 'error' || kind === 'error_task' ? row.error : '',
  };
}

/** The wake-up of a node that may be claimed. */
export function pendingWakeUp(row: NodeRow, phase: PhaseScope): WakeUp {
  return toWakeUp(row, phase, row.kind === 'hop' ? 'parser_task' : 'request');
}
