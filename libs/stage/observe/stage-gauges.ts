import type { Bus, Receiver } from '../../bus/port.ts';
import { METRICS } from '../../telemetry/metric-names.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import type { LeaseKeeper } from '../execution/lease.ts';

export interface StageGauges {
  readonly bus: Pick<Bus, 'depth'>;
  /** The stages of this process that take messages. */
  readonly stages: Readonly<Partial<Record<Receiver, { readonly inFlight: number }>>>;
  readonly leases: Pick<LeaseKeeper, 'oldestSinceMs'>;
  /** A monotonic time in milliseconds. */
  readonly now: () => number;
}

/** Has the state of the stages read whenever metrics are scraped; nothing is counted in between. */
export function sampleStages(metrics: Metrics, { bus, stages, leases, now }: StageGauges): void {
  const depth = metrics.gauge(METRICS.stageQueueDepth);
  const inFlight = metrics.gauge(METRICS.stageInFlight);
  for (const [stage, runner] of Object.entries(stages)) {
    depth.sample({ stage }, () => bus.depth(stage as Receiver));
    inFlight.sample({ stage }, () => runner.inFlight);
  }
  metrics.gauge(METRICS.ptmProcessingAgeMs).sample({}, () => {
    const sinceMs = leases.oldestSinceMs();
    return sinceMs === undefined ? 0 : now() - sinceMs;
  });
}
