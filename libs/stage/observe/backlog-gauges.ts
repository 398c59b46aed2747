/** Reads what waits in a deployment, again and again: a scrape must neither wait for a backend nor cost it anything. */
import { periodically } from '../../concurrency/periodic.ts';
import type { Backlog } from '../../coordination/protocol/backlog.ts';
import type { RunRecord, Store } from '../../store/port.ts';
import type { Log } from '../../telemetry/log.ts';
import { METRICS } from '../../telemetry/metric-names.ts';
import type { Metrics } from '../../telemetry/metrics.ts';

export interface BacklogGauges {
  readonly backlog: Backlog;
  readonly store: Pick<Store, 'countRuns'>;
  readonly metrics: Metrics;
  readonly log: Log;
  /** Whether this process also counts runs and buffered responses: one kind of process is enough for that. */
  readonly countsRuns: boolean;
  /** Default 5 s. */
  readonly intervalMs?: number;
}

const INTERVAL_MS = 5_000;
/** Runs of a state that are counted: what the index of the store reads in a few milliseconds. */
const MAX_COUNTED = 100_000;
const STATES: readonly RunRecord['state'][] = ['accepted', 'open', 'closed'];

/** Starts at once, and repeats until the signal aborts. A backend that does not answer leaves the last figures. */
export function watchBacklog(options: BacklogGauges, signal: AbortSignal): void {
  const { backlog, store, metrics, log, countsRuns, intervalMs = INTERVAL_MS } = options;
  const overdue = metrics.gauge(METRICS.dueOldestOverdueMs).with({});
  const buffered = metrics.gauge(METRICS.ptmReorderBufferSize).with({});
  const runs = metrics.gauge(METRICS.runsByState);
  const turn = async (): Promise<void> => {
    overdue.set(await backlog.oldestOverdueMs());
    if (!countsRuns) return;
    buffered.set(await backlog.bufferedResponses());
    for (const state of STATES) runs.with({ state }).set(await store.countRuns(state, MAX_COUNTED));
  };
  periodically(turn, {
    signal,
    intervalMs,
    onError: (error) => log.debug('the metrics of what waits could not be read; they keep their values', { error }),
  });
}
