/**
 * The caps of runs: what a commit uses of them, and what they leave out. A count belongs to the transaction of its commit, so
 * nothing is counted twice or forgotten. A node that was re-opened by hand is never left out.
 */
import { type Cap, withReached } from '../../contracts/caps.ts';
import type { Usage } from '../protocol/commits.ts';
import type { NodeSeed, NodeState } from '../protocol/node.ts';
import type { NodeRow } from './tables/node-row.ts';
import type { CapCounts, ModuleScope, PhaseScope, RunScope } from './tables/scopes.ts';
import type { Found, Tx } from './tx.ts';

/**
 * Counts what an execution has used; returns how many of its items are kept. With `cuts` these are no more than the cap allows,
 * otherwise all: they are stored already.
 */
export function countUsage(tx: Tx, { row, run }: Found, usage: Usage | undefined, cuts: boolean): number {
  const { capUse } = run;
  const items = usage?.items ?? 0;
  if (capUse === undefined) return items;
  const { caps } = capUse;
  // The rows of an earlier commit of the node give way to those of this one.
  const others = capUse.items - row.items;
  const room = caps.items === undefined || !cuts || row.reopened === 1 ? items : Math.max(0, caps.items - others);
  const kept = Math.min(items, room);
  row.items = kept;
  capUse.items = others + kept;
  capUse.itemsLeftOut += items - kept;
  capUse.bytes += usage?.bytes ?? 0;
  capUse.leftOut += usage?.tooDeep ?? 0;
  if (caps.items !== undefined && capUse.items >= caps.items) reach(capUse, 'items');
  if (caps.bytes !== undefined && capUse.bytes >= caps.bytes) reach(capUse, 'bytes');
  if ((usage?.tooDeep ?? 0) > 0) reach(capUse, 'depth');
  tx.scopes.touchRun(run);
  return kept;
}

/** Counts a request that was created. */
export function countPage(tx: Tx, run: RunScope): void {
  if (run.capUse === undefined) return;
  run.capUse.pages += 1;
  tx.scopes.touchRun(run);
}

/** Whether a child is not to be created, because its run has reached a cap; it is counted then. An existing one stays as it is. */
export function leavesOutChild(tx: Tx, module: ModuleScope, seed: NodeSeed): boolean {
  const { capUse } = module.run;
  if (capUse === undefined) return false;
  const { pages = Number.POSITIVE_INFINITY } = capUse.caps;
  const isBeyond = seed.kind === 'request' && capUse.pages >= pages;
  if (!isBeyond && !stops(module, seed.kind, seed.stepIdx)) return false;
  if (tx.nodes.find(seed.id) !== undefined) return false;
  if (isBeyond) reach(capUse, 'pages');
  capUse.leftOut += 1;
  tx.scopes.touchRun(module.run);
  return true;
}

/** Counts nodes that were left out. */
export function countLeftOut(tx: Tx, run: RunScope, nodes: number): void {
  run.capUse!.leftOut += nodes;
  tx.scopes.touchRun(run);
}

/** The states in which nobody executes a node. */
const WAITING: ReadonlySet<NodeState> = new Set(['pending', 'retry', 'fetched']);

/** Whether a node that waits is to be left out. What was downloaded already counts, and is parsed. */
export function isLeftOut(module: ModuleScope, { kind, state, step_idx, reopened }: NodeRow): boolean {
  if (reopened === 1 || !WAITING.has(state)) return false;
  return state === 'fetched' ? hasReached(module.run, 'items') : stops(module, kind, step_idx);
}

/** Nodes of a phase that a cap leaves out, to be drained. */
export function leftOutNodes(tx: Tx, phase: PhaseScope, limit: number): NodeRow[] {
  const { module } = phase;
  return leavesOutNodes(module.run) ? tx.nodes.waiting(phase, limit, (row) => isLeftOut(module, row)) : [];
}

/** Whether a cap was reached that leaves out nodes that exist. */
function leavesOutNodes({ capUse }: RunScope): boolean {
  return capUse !== undefined && capUse.reached !== '' && capUse.reached !== 'depth';
}

/** Whether a cap leaves out nodes of this step: all when no item may come any more, else those that lead to requests. */
function stops({ run, fetchSteps }: ModuleScope, kind: NodeSeed['kind'], stepIdx: number): boolean {
  if (hasReached(run, 'items')) return true;
  if (kind === 'request') return hasReached(run, 'bytes');
  return fetchSteps.has(stepIdx) && (hasReached(run, 'pages') || hasReached(run, 'bytes'));
}

function hasReached({ capUse }: RunScope, cap: Cap): boolean {
  return capUse !== undefined && capUse.reached !== '' && capUse.reached.split(',').includes(cap);
}

function reach(capUse: CapCounts, cap: Cap): void {
  capUse.reached = withReached(capUse.reached, cap);
}
