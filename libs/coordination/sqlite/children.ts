import { EVENTS } from '../../contracts/events.ts';
import { LAST_OPENING_MS, type NodeSeed, readyAt } from '../protocol/node.ts';
import type { ReleasedResponse, WakeUp } from '../protocol/outcome.ts';
import { dispatchGraceMs } from '../protocol/policy.ts';
import { countPage, leavesOutChild } from './caps.ts';
import type { NodeRow } from './tables/node-row.ts';
import type { ModuleScope, PhaseScope } from './tables/scopes.ts';
import { isHeld, pendingWakeUp, type Tx } from './tx.ts';
import { nextPlace, windowRoom } from './window.ts';

export interface Created {
  readonly wakeUps: WakeUp[];
  readonly released: ReleasedResponse[];
  /** Rows that were created. */
  readonly fresh: NodeRow[];
  /** Superseded hops that were revived. */
  reopened: number;
  gateLost: number;
  /** Children that were not created, because the run had reached a cap. */
  leftOut: number;
  /** The child that was claimed at its creation. */
  handedOver: NodeRow | undefined;
}

/** The node that yields children; without a row, a phase or a run that opens. */
export interface Parent {
  readonly phase: PhaseScope;
  readonly row: NodeRow | undefined;
}

/** Claims an only child at its creation. */
export interface HandOver {
  readonly owner: string;
  readonly leaseMs: number;
}

/**
 * Creates children. The child's own key is the advance gate: an existing child is not changed, except that a superseded hop gets
 * its new body and is revived. The caller notifies the first `wakeUps` runnable children, as far as the window has room; the others
 * stand ready.
 */
export function createChildren(
  tx: Tx,
  seeds: readonly NodeSeed[],
  parent: Parent,
  wakeUps: number,
  handOver?: HandOver,
): Created {
  const created: Created = {
    wakeUps: [],
    released: [],
    fresh: [],
    reopened: 0,
    gateLost: 0,
    leftOut: 0,
    handedOver: undefined,
  };
  const nowMs = tx.clock.now();
  for (const seed of seeds) {
    const phase = parent.phase.module.phases[seed.phase]!;
    const reopened = parent.row?.reopened === 1 && phase.closed !== '';
    if (!reopened && leavesOutChild(tx, phase.module, seed)) {
      created.leftOut += 1;
      continue;
    }
    const waits = waitsForLastOpening(seed, phase, parent);
    const held = waits || isHeld(phase, nowMs);
    const { module } = phase;
    const isNotified = !held && created.wakeUps.length < wakeUps && windowRoom(tx, module, seed.kind) > 0;
    const place = nextPlace(module.run);
    const dueAtMs = (ofNode: number): number => {
      if (waits) return LAST_OPENING_MS;
      return isNotified ? nowMs + dispatchGraceMs(tx.policy, 0) : readyAt(seed.kind, ofNode);
    };
    const row =
      handOver === undefined || held
        ? tx.nodes.insert(seed, phase, { dueAtMs: dueAtMs(place), place, reopened })
        : insertClaimed(tx, seed, phase, { place, reopened, handOver });
    const revived = row === undefined ? revive(tx, seed, dueAtMs, parent) : undefined;
    if (row !== undefined) {
      phase.created += 1;
      tx.scopes.touchPhase(phase);
      created.fresh.push(row);
      if (row.kind === 'request') countPage(tx, module.run);
      recordStepProduced(tx, phase.module, seed);
    } else if (revived !== undefined) {
      created.reopened += 1;
    } else {
      created.gateLost += 1;
      continue;
    }
    if (row?.state === 'processing') created.handedOver = row;
    else if (isNotified) created.wakeUps.push(pendingWakeUp((row ?? revived)!, phase));
    const { moduleId, run } = phase.module;
    const released = tx.reorder.take({ id: seed.id, runId: run.runId, moduleId, phase: phase.idx });
    if (released !== undefined) created.released.push(released);
  }
  return created;
}

/** Records an event for the first hop of a step only. A module's own hops, such as its start, belong to no step. */
function recordStepProduced(tx: Tx, module: ModuleScope, { kind, stepIdx }: NodeSeed): void {
  if (kind !== 'hop' || stepIdx < 0 || module.producedSteps.has(stepIdx)) return;
  module.producedSteps.add(stepIdx);
  tx.scopes.touchModule(module);
  tx.events.appendOfStep(module, EVENTS.ParserTaskProduced.type, stepIdx, tx.clock.now());
}

/**
 * Whether a hop waits for the last opening of its phase. A compute hop must see whole phases, unless the hop that yields it is computed
 * again itself. What an open phase yields into a phase that is open early would keep that from ending.
 */
function waitsForLastOpening(seed: NodeSeed, { module, idx }: PhaseScope, parent: Parent): boolean {
  if (idx <= module.currentPhase || parent.row === undefined) return false;
  const isOfOpenPhase = parent.phase.idx <= module.currentPhase;
  if (seed.isComputed === true) return isOfOpenPhase || parent.row.kind === 'request';
  return isOfOpenPhase && module.front > module.currentPhase;
}

/** Creates and claims a child in one write instead of two. */
function insertClaimed(
  tx: Tx,
  seed: NodeSeed,
  phase: PhaseScope,
  birth: { readonly place: number; readonly reopened: boolean; readonly handOver: HandOver },
): NodeRow | undefined {
  const { owner, leaseMs } = birth.handOver;
  const dueAtMs = tx.clock.now() + leaseMs;
  const { revision, currentPhase } = phase.module;
  const claim = { owner, token: tx.nextToken(), revision, isEarly: phase.idx > currentPhase };
  return tx.nodes.insert(seed, phase, { dueAtMs, place: birth.place, reopened: birth.reopened, claim });
}

/**
 * A superseded hop gets its new body and is revived; a compute hop of an earlier opening than its parent's is executed again; any other
 * existing node is not changed.
 */
function revive(tx: Tx, seed: NodeSeed, dueAtMs: (place: number) => number, parent: Parent): NodeRow | undefined {
  const existing = tx.nodes.find(seed.id)!;
  if (seed.isComputed === true && isOfEarlierOpening(existing, parent)) {
    executeAgain(tx, existing, tx.scopes.phase(existing.phase_no), dueAtMs(existing.place));
    return existing;
  }
  if (existing.state !== 'dead' || existing.death_reason !== 'superseded') return undefined;
  const home = tx.scopes.phase(existing.phase_no);
  home.superseded -= 1;
  reopen(tx, existing, home, dueAtMs(existing.place));
  existing.body = seed.body;
  existing.prefix_request = seed.prefixRequest;
  tx.nodes.saveBody(existing);
  return existing;
}

function isOfEarlierOpening({ revision, state, death_reason }: NodeRow, { row }: Parent): boolean {
  if (row === undefined || row.kind !== 'hop' || revision >= row.revision) return false;
  return state !== 'pending' && death_reason !== 'superseded';
}

/** Executes a node again, in its next epoch and with fresh budgets; whoever executes it now is fenced off. */
export function executeAgain(tx: Tx, row: NodeRow, phase: PhaseScope, dueAtMs: number): void {
  if (row.state === 'done' || row.state === 'dead') {
    reopen(tx, row, phase, dueAtMs);
    return;
  }
  tx.staged.forget(row.token);
  begin(tx, row, dueAtMs);
}

/** Revives a terminal node, with the next epoch and fresh budgets. */
export function reopen(tx: Tx, row: NodeRow, phase: PhaseScope, dueAtMs: number): void {
  if (row.state === 'done') phase.done -= 1;
  else phase.dead -= 1;
  if (row.death_reason === 'left_out') phase.leftOut -= 1;
  tx.scopes.touchPhase(phase);
  begin(tx, row, dueAtMs);
}

function begin(tx: Tx, row: NodeRow, dueAtMs: number): void {
  row.state = 'pending';
  row.epoch += 1;
  row.attempts = 0;
  row.crashes = 0;
  row.dispatches = 0;
  row.owner = '';
  row.token = '';
  row.death_reason = '';
  row.due_at = dueAtMs;
  tx.nodes.save(row);
}
