import { backOffMs } from '../../concurrency/back-off.ts';
import type { NodeKind } from './node.ts';

/** Grace times of a coordinator, in milliseconds, and the windows of runs, in nodes. */
export interface CoordinatorPolicy {
  /** A pending node that nobody claimed is notified again after this, doubled each time, at most an hour. */
  readonly dispatchGraceMs: number;
  /** A response that no parser claimed is downloaded again after this. */
  readonly responseGraceMs: number;
  /** A failed node without a decision is sent to error-threshold again after this. */
  readonly decisionGraceMs: number;
  /**
   * How many hops of a run are with the stages at the same time, and how many requests; the others stand ready in the coordinator. The
   * modules of a run share its window.
   */
  readonly hopWindow: number;
  readonly requestWindow: number;
}

export const defaultPolicy: CoordinatorPolicy = {
  dispatchGraceMs: 30_000,
  responseGraceMs: 60_000,
  decisionGraceMs: 10_000,
  hopWindow: 64,
  requestWindow: 256,
};

/** The least window of a module whose run has many of them, unless the window of the run is smaller. */
const LEAST_WINDOW = 16;

/** The window of each module of a run, for nodes of a kind. */
export function windowSize(
  { hopWindow, requestWindow }: Pick<CoordinatorPolicy, 'hopWindow' | 'requestWindow'>,
  kind: NodeKind,
  modules: number,
): number {
  const ofRun = kind === 'hop' ? hopWindow : requestWindow;
  return Math.max(Math.min(ofRun, LEAST_WINDOW), Math.floor(ofRun / modules));
}

/** A window is filled when so many or fewer nodes are inside: half of it, so that the stages have work while it is filled. */
export function fillsBelow(size: number): number {
  return Math.floor(size / 2);
}

/** No node waits longer than this for its next look. */
export const LONGEST_GRACE_MS = 3_600_000;

/** How long to wait for a claim after a wake-up, by the number of wake-ups before it. */
export function dispatchGraceMs(policy: Pick<CoordinatorPolicy, 'dispatchGraceMs'>, dispatches: number): number {
  return backOffMs({ baseMs: policy.dispatchGraceMs, maxMs: LONGEST_GRACE_MS }, dispatches);
}
