/** Periodic work of a process: deletes expired runs and responses, and opens accepted runs that were never opened. */

import { periodically } from '../../concurrency/periodic.ts';
import type { ResponseCache } from '../../store/response-cache.ts';
import type { Log } from '../../telemetry/log.ts';
import { METRICS } from '../../telemetry/metric-names.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import type { Tasks } from '../run/tasks.ts';
import { type ExpiryDeps, expireRuns } from './expiry.ts';
import { type ReconcileDeps, Reconciler } from './reconcile.ts';

export interface HousekeepingDeps
  extends Omit<ExpiryDeps, 'onExpired' | 'onDelete' | 'coordinator' | 'store'>,
    Omit<ReconcileDeps, 'now'> {
  readonly coordinator: ExpiryDeps['coordinator'] & ReconcileDeps['coordinator'];
  readonly store: ExpiryDeps['store'] & ReconcileDeps['store'];
  /** Whether it also opens runs that were accepted but never opened. */
  readonly reconciles: boolean;
  /** Ends open runs of marked tasks, and says which tasks cool down. */
  readonly tasks: Pick<Tasks, 'endRuns' | 'isCooling'>;
  readonly responseCache: Pick<ResponseCache, 'expire'>;
  readonly metrics: Metrics;
  readonly log: Log;
}

const EXPIRY_INTERVAL_MS = 600_000;
const OPEN_INTERVAL_MS = 1_000;
const REOPEN_INTERVAL_MS = 5_000;
const END_TASKS_INTERVAL_MS = 5_000;
const ANSWERS_INTERVAL_MS = 60_000;

const DELETES = {
  nodes: 'housekeeping deletes the nodes of ended runs',
  runs: 'housekeeping deletes ended runs with their items',
} as const;

/** Starts at once, and repeats until the signal aborts. */
export function startHousekeeping(deps: HousekeepingDeps, signal: AbortSignal): void {
  const { reconciles, metrics, log } = deps;
  const expired = metrics.counter(METRICS.stateExpired).with({});
  const expiring: ExpiryDeps = {
    ...deps,
    onExpired: (nodes) => expired.add(nodes),
    onDelete: (what, atMost, why) => log.info(DELETES[what], { runs: atMost, decision: why }),
  };
  periodically((until) => expireRuns(expiring, until), {
    signal,
    intervalMs: EXPIRY_INTERVAL_MS,
    onError: (error) => log.warn('housekeeping could not delete expired runs; it retries', { error }),
  });
  periodically(async () => void (await deps.responseCache.expire()), {
    signal,
    intervalMs: ANSWERS_INTERVAL_MS,
    onError: (error) =>
      log.warn('housekeeping could not delete expired responses from the cache; it retries', { error }),
  });
  if (!reconciles) return;
  periodically((until) => deps.tasks.endRuns(until), {
    signal,
    intervalMs: END_TASKS_INTERVAL_MS,
    onError: (error) => log.warn('housekeeping could not end the runs of terminated tasks; it retries', { error }),
  });
  const reconciler = new Reconciler({ ...deps, now: () => deps.clock.now() });
  const onError = (error: unknown) => log.warn('housekeeping could not check for unopened runs; it retries', { error });
  periodically((until) => reconciler.openWaiting(until), { signal, intervalMs: OPEN_INTERVAL_MS, onError });
  periodically((until) => reconciler.reopenLost(until), { signal, intervalMs: REOPEN_INTERVAL_MS, onError });
}
