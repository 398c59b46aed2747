import { METRICS } from '../../telemetry/metric-names.ts';
import type { Histogram, Metrics } from '../../telemetry/metrics.ts';

/** Told of every request that was sent: its host, how long it took in milliseconds, and its status or `failed`. */
export type DownloadObserver = (host: string, durationMs: number, outcome: string) => void;

/** Records downloads by the class of their outcome, and tells the next observer too. */
export function meterDownloads(metrics: Metrics, next?: DownloadObserver): DownloadObserver {
  const durations = metrics.histogram(METRICS.downloadDurationMs);
  const byClass = new Map<string, Histogram>();
  for (const outcome of ['2xx', '3xx', '4xx', '5xx', 'failed', 'other'])
    byClass.set(outcome, durations.with({ outcome }));
  return (host, durationMs, outcome) => {
    byClass.get(classOf(outcome))!.observe(durationMs);
    next?.(host, durationMs, outcome);
  };
}

function classOf(outcome: string): string {
  if (outcome === 'failed') return outcome;
  return /^[2-5]\d\d$/.test(outcome) ? `${outcome[0]}xx` : 'other';
}
