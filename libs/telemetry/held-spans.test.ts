import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { describe, expect, it } from 'vitest';
import { type FailedNode, HeldSpan, HeldSpans } from './held-spans.ts';
import { SpanOrigin } from './span-origin.ts';
import { randomHex } from './trace-ids.ts';

const RUN = '1'.repeat(32);

function holding(options: { mostSpans?: number; mostNodesPerSecond?: number } = {}) {
  const exported: string[] = [];
  const failed: FailedNode[] = [];
  const clock = { ms: 0 };
  const held = new HeldSpans({
    ...options,
    exportSpan: ({ name }) => exported.push(name),
    onFailed: ({ runTraceId, nodeId }) => failed.push({ runTraceId, nodeId }),
    monotonic: () => clock.ms,
  });
  /** A span that begins and ends at once. */
  const span = (name: string, nodeId: string, { fails = false, tellsFailure = true } = {}) => {
    const made = new HeldSpan(
      {
        ...{ name, kind: SpanKind.INTERNAL, traceId: RUN, parent: undefined },
        ...{ traceState: new SpanOrigin(RUN, nodeId), attributes: {}, links: [], tellsFailure },
      },
      (ended) => held.add(ended),
    );
    if (fails) made.setStatus({ code: SpanStatusCode.ERROR });
    made.end();
  };
  const root = () => {
    const context = { traceId: RUN, spanId: randomHex(8) };
    const given = { name: 'root', kind: SpanKind.PRODUCER, ...context, parent: undefined, traceState: undefined };
    new HeldSpan({ ...given, attributes: {}, links: [], tellsFailure: false }, (ended) => held.addRoot(ended)).end();
  };
  return { held, exported, failed, clock, span, root };
}

describe('spans of a run that is not sampled', () => {
  it('are not exported while nothing fails', () => {
    const { exported, span } = holding();
    for (let n = 0; n < 100; n++) span('parse', `node-${n}`);
    expect(exported).toEqual([]);
  });

  it('are exported when their node fails: those before, the failure, those after, and the root, once', () => {
    const { exported, failed, span, root } = holding();
    root();
    span('download a', 'a');
    span('download b', 'b');
    span('parse a', 'a', { fails: true });
    span('decide a', 'a');
    span('parse b', 'b');
    span('parse a again', 'a', { fails: true });
    expect(exported).toEqual(['root', 'download a', 'parse a', 'decide a', 'parse a again']);
    expect(failed).toEqual([
      { runTraceId: RUN, nodeId: 'a' },
      { runTraceId: RUN, nodeId: 'a' },
    ]);
  });

  it('are exported when another process tells of the failure', () => {
    const { held, exported, failed, span } = holding();
    span('download a', 'a');
    held.keep({ runTraceId: RUN, nodeId: 'a' });
    held.keep({ runTraceId: RUN, nodeId: 'a' });
    span('download a again', 'a');
    expect(exported).toEqual(['download a', 'download a again']);
    expect(failed).toEqual([]);
  });

  it('of a call that failed are exported only if the stage fails too', () => {
    const { exported, span } = holding();
    span('GET shop/page', 'a', { fails: true, tellsFailure: false });
    expect(exported).toEqual([]);
    span('parse a', 'a', { fails: true });
    expect(exported).toEqual(['GET shop/page', 'parse a']);
  });

  it('are forgotten after a while: the oldest first, and a failed node after two minutes', () => {
    const { exported, clock, span } = holding({ mostSpans: 2 });
    span('download a', 'a');
    span('download b', 'b');
    span('download c', 'c');
    span('parse a', 'a', { fails: true });
    span('parse c', 'c', { fails: true });
    expect(exported).toEqual(['parse a', 'download c', 'parse c']);
    clock.ms = 121_000;
    span('parse a much later', 'a');
    expect(exported).toHaveLength(3);
  });

  it('of more failed nodes in a second than a reader looks at are left out, but for the failures themselves', () => {
    const { exported, failed, clock, span } = holding({ mostNodesPerSecond: 2 });
    for (const node of ['a', 'b', 'c', 'd']) {
      span(`download ${node}`, node);
      span(`parse ${node}`, node, { fails: true });
    }
    expect(exported).toEqual(['download a', 'parse a', 'download b', 'parse b', 'parse c', 'parse d']);
    expect(failed).toHaveLength(2);
    clock.ms = 1_000;
    span('download e', 'e');
    span('parse e', 'e', { fails: true });
    expect(exported.slice(-2)).toEqual(['download e', 'parse e']);
  });
});
