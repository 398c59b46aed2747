import type { ReadableSpan, SpanExporter, SpanProcessor } from '@opentelemetry/sdk-trace';
import type { Counter } from './metrics.ts';

export interface DeliveryWatchOptions {
  /** Spans that may wait to be sent. */
  readonly maxWaiting: number;
  readonly lost: Counter;
  /** Told once, of the first spans that could not be delivered. */
  readonly onFirstLoss: (error: unknown) => void;
}

/** Stands before and behind a batching processor, and counts what does not come out at the other end. */
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
          lose(1, `${waiting} spans wait already`);
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
          // What was lost has been said; the SDK would say it again at every batch.
          done({ code: SUCCESS });
        });
      },
      shutdown: () => target.shutdown(),
      forceFlush: async () => target.forceFlush?.(),
    }),
  };
}
