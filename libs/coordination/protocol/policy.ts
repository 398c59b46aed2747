import { backOffMs } from '../../concurrency/back-off.ts';

/** Grace times of a coordinator, in milliseconds. */
export interface CoordinatorPolicy {
  /** A pending node that nobody claimed is notified again after this, doubled each time, at most an hour. */
  readonly dispatchGraceMs: number;
  /** A response that no parser claimed is downloaded again after this. */
  readonly responseGraceMs: number;
  /** A failed node without a decision is sent to error-threshold again after this. */
  readonly decisionGraceMs: number;
}

export const defaultPolicy: CoordinatorPolicy = {
  dispatchGraceMs: 30_000,
  responseGraceMs: 60_000,
  decisionGraceMs: 10_000,
};

/** No node waits longer than this for its next look. */
export const LONGEST_GRACE_MS = 3_600_000;

/** How long to wait for a claim after a wake-up, by the number of wake-ups before it. */
export function dispatchGraceMs(policy: Pick<CoordinatorPolicy, 'dispatchGraceMs'>, dispatches: number): number {
  return backOffMs({ baseMs: policy.dispatchGraceMs, maxMs: LONGEST_GRACE_MS }, dispatches);
}
