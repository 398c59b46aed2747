import type { Receiver } from '../../bus/port.ts';
import type { Stage } from '../../contracts/chain.ts';
import { METRICS } from '../../telemetry/metric-names.ts';
import type { Metrics } from '../../telemetry/metrics.ts';

const QUEUE_FULL = 'queue_full';

/** Counts publishes that had to wait, by who sends and which queue is full. */
export function backpressureCounter(metrics: Metrics): (sender: Stage, receiver: Receiver) => void {
  const requests = metrics.counter(METRICS.requestPublishBackpressure).with({ reason: QUEUE_FULL });
  const ofParser = metrics.counter(METRICS.parserChainBackpressure);
  const ofDownloader = metrics.counter(METRICS.downloadResponseBackpressure);
  return (sender, queue) => {
    if (sender === 'parser') ofParser.with({ queue, reason: QUEUE_FULL }).add();
    else if (sender === 'downloader') ofDownloader.with({ queue, reason: QUEUE_FULL }).add();
    else requests.add();
  };
}
