import { backOffMs } from '../../concurrency/back-off.ts';

/** Times that a coordinator needs to know, in milliseconds. */
export interface CoordinatorPolicy {
  /** A pending node that nobody took is notified again after this, doubled each time, at most an hour. */
  readonly dispatchGraceMs: number;
  /** A downloaded response that no parser took is downloaded again after this. */
  readonly responseGraceMs: number;
  /** A failed node whose decision did not come is sent to be decided again after this. */
  readonly decisionGraceMs: number;
}

export const defaultPolicy: CoordinatorPolicy = {
  dispatchGraceMs: 30_000,
  responseGraceMs: 60_000,
  decisionGraceMs: 10_000,
};

const LONGEST_GRACE_MS = 3_600_000;

/** How long a wake-up is given to be answered, from the number of wake-ups before it. */
export function dispatchGraceMs(policy: CoordinatorPolicy, dispatches: number): number {
  return backOffMs({ baseMs: policy.dispatchGraceMs, maxMs: LONGEST_GRACE_MS }, dispatches);
}
