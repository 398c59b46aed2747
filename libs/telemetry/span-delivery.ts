import type { ReadableSpan, SpanExporter, SpanProcessor } from '@opentelemetry/sdk-trace';
import type { Counter } from './metrics.ts';

export interface DeliveryWatchOptions {
  /** The most spans that may wait to be sent. */
  readonly maxWaiting: number;
  readonly lost: Counter;
  /** Called once, for the first spans that could not be delivered. */
  readonly onFirstLoss: (error: unknown) => void;
}

/** Wraps a batching processor on both sides, and counts the spans that it loses. */
export interface DeliveryWatch {
  processor(batches: SpanProcessor): SpanProcessor;
  exporter(target: SpanExporter): SpanExporter;
}

const SUCCESS = 0;
const SAMPLED = 1;

export function deliveryWatch({ maxWaiting, lost, onFirstLoss }: DeliveryWatchOptions): DeliveryWatch {
  let waiting = 0;
  let hasLost = false;
  const lose = (count: number, error: unknown) => {
    lost.add(count);
    if (!hasLost) onFirstLoss(error);
    hasLost = true;
  };
  return {
    processor: (batches) => ({
      onStart: (span, parent) => batches.onStart(span, parent),
      onEnd: (span) => {
        if ((span.spanContext().traceFlags & SAMPLED) === 0) return;
        if (waiting >= maxWaiting) {
          lose(1, `${waiting} spans are already waiting`);
          return;
        }
        waiting += 1;
        batches.onEnd(span);
      },
      forceFlush: () => batches.forceFlush(),
      shutdown: () => batches.shutdown(),
    }),
    exporter: (target) => ({
      export: (spans: ReadableSpan[], done) => {
        let isOver = false;
        target.export(spans, (result) => {
          if (isOver) return;
          isOver = true;
          waiting -= spans.length;
          if (result.code !== SUCCESS) lose(spans.length, result.error);
          // The loss was already logged; the SDK would log it again for every batch.
          done({ code: SUCCESS });
        });
      },
      shutdown: () => target.shutdown(),
      forceFlush: async () => target.forceFlush?.(),
    }),
  };
}
