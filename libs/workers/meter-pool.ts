/** The metrics of the workers of a process. */
import { METRICS } from '../telemetry/metric-names.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { PoolObserver, WorkerPool } from './worker-pool.ts';

export function poolObserver(metrics: Metrics): PoolObserver {
  const ends = metrics.counter(METRICS.workerEnds);
  const runs = metrics.histogram(METRICS.workerCallMs);
  const waits = metrics.histogram(METRICS.workerQueueMs).with({});
  const blocked = metrics.counter(METRICS.workerBlockedMs).with({});
  return {
    ended: (reason) => ends.with({ reason }).add(),
    called: (fn, { queuedMs, runMs }) => {
      waits.observe(queuedMs);
      runs.with({ function: fn }).observe(runMs);
    },
    blocked: (ms) => blocked.add(ms),
  };
}

/** Reads the state of the pool whenever metrics are scraped. */
export function samplePool(metrics: Metrics, pool: WorkerPool): void {
  const calls = metrics.gauge(METRICS.workerCalls);
  metrics.gauge(METRICS.workers).sample({}, () => pool.inFlight().workers);
  calls.sample({ state: 'begun' }, () => pool.inFlight().begun);
  calls.sample({ state: 'queued' }, () => pool.inFlight().queued);
  metrics.gauge(METRICS.workerCallAgeMs).sample({}, () => pool.inFlight().oldest[0]?.ageMs ?? 0);
  metrics.gauge(METRICS.workerMemoryBytes).sample({}, () => pool.memoryBytes);
}
