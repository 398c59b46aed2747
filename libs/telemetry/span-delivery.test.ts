import type { ReadableSpan, SpanExporter, SpanProcessor } from '@opentelemetry/sdk-trace';
import { describe, expect, it } from 'vitest';
import { METRICS } from './metric-names.ts';
import { Metrics } from './metrics.ts';
import { deliveryWatch } from './span-delivery.ts';

const span = (traceFlags = 1) => ({ spanContext: () => ({ traceFlags }) }) as unknown as ReadableSpan;

/** A watch between a processor that keeps what it takes and an exporter whose answer the test gives. */
function watched(maxWaiting: number) {
  const lost = new Metrics().counter(METRICS.traceSpansLost).with({});
  const errors: unknown[] = [];
  const taken: unknown[] = [];
  const results: unknown[] = [];
  let answer: ((result: { code: number; error?: Error }) => void) | undefined;
  const watch = deliveryWatch({ maxWaiting, lost, onFirstLoss: (error) => errors.push(error) });
  const processor = watch.processor({ onEnd: (ended: unknown) => taken.push(ended) } as unknown as SpanProcessor);
  const exporter = watch.exporter({
    export: (_spans: unknown, done: typeof answer) => (answer = done),
  } as unknown as SpanExporter);
  const send = (count: number, code: number) => {
    exporter.export(
      Array.from({ length: count }, () => span()),
      (result) => results.push(result.code),
    );
    answer!({ code, error: new Error('refused') });
    answer!({ code, error: new Error('twice') });
  };
  return { processor, send, lost, errors, taken, results };
}

describe('the delivery of spans', () => {
  it('drops and counts what finds no room, until there is room again', () => {
    const { processor, send, lost, taken, errors } = watched(2);
    for (let n = 0; n < 3; n++) processor.onEnd(span());
    expect([taken.length, lost.value, errors]).toEqual([2, 1, ['2 spans are already waiting']]);
    send(2, 0);
    processor.onEnd(span());
    expect([taken.length, lost.value]).toEqual([3, 1]);
  });

  it('counts what the collector refused, tells of the first loss only, and lets the sender go on', () => {
    const { processor, send, lost, errors, results } = watched(10);
    for (let n = 0; n < 5; n++) processor.onEnd(span());
    send(3, 1);
    send(2, 1);
    expect([lost.value, errors.length, results]).toEqual([5, 1, [0, 0]]);
  });

  it('leaves out spans that are not sampled', () => {
    const { processor, taken } = watched(10);
    processor.onEnd(span(0));
    expect(taken).toEqual([]);
  });
});
