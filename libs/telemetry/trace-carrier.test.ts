import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { silentLog } from './log.ts';
import { Metrics } from './metrics.ts';
import { activeTraceId, captureContext, inSpan, isTracing, withContext } from './spans.ts';
import { injectTrace, withExtractedTrace } from './trace-carrier.ts';
import { runTraceIds } from './trace-ids.ts';
import { startTracing, type Tracing } from './tracing.ts';

const SENDER = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const SENDER_TRACE = '0af7651916cd43dd8448eb211c80319c';
const node = { id: 'node-1', isHop: false };
const span = { name: 'parse shop/page', runId: 'run-1', node, fields: {}, cause: 'consumer' } as const;
const resource = { 'service.name': 'test' };

describe('without tracing', () => {
  it('nothing is sent along, by always the same object, and what comes along is not looked at', () => {
    expect(isTracing()).toBe(false);
    expect(injectTrace()).toEqual({});
    expect(injectTrace()).toBe(injectTrace());
    expect(withExtractedTrace({ traceparent: SENDER }, () => activeTraceId())).toBeUndefined();
    expect(withExtractedTrace({}, () => 7)).toBe(7);
  });

  it('work in a span is the work', async () => {
    await expect(inSpan(span, async () => 7)).resolves.toBe(7);
    await expect(inSpan(span, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  });
});

describe('with tracing', () => {
  let tracing: Tracing;

  beforeEach(async () => {
    const options = { endpoint: 'http://127.0.0.1:1', resource, sampleRatio: 0 };
    tracing = await startTracing({ ...options, log: silentLog, metrics: new Metrics() });
  });
  afterEach(() => tracing.stop());

  it('what one process injects, another continues', async () => {
    const carrier = await inSpan(span, async () => injectTrace());
    expect(carrier.tracestate).toBe(`catena=${runTraceIds('run-1').traceId}.node-1`);
    expect(carrier.traceparent).toContain(runTraceIds('run-1').traceId);
    expect(withExtractedTrace(carrier, () => activeTraceId())).toBe(runTraceIds('run-1').traceId);
    expect(activeTraceId()).toBeUndefined();
  });

  it('a trace that cannot be read is as good as none', () => {
    for (const traceparent of [
      '',
      'nonsense',
      '00-0-0-01',
      SENDER.replace('00-', 'ff-'),
      `${SENDER}\r\nx: y`,
      '0'.repeat(10_000),
    ]) {
      expect(
        withExtractedTrace({ traceparent }, () => activeTraceId()),
        traceparent,
      ).toBeUndefined();
    }
    expect(withExtractedTrace({ traceparent: SENDER, tracestate: '=,=,\u0000' }, () => activeTraceId())).toBe(
      SENDER_TRACE,
    );
  });

  it('a sender of another trace does not draw the run into its own', async () => {
    const traceId = await withExtractedTrace({ traceparent: SENDER }, () => inSpan(span, async () => activeTraceId()));
    expect(traceId).toBe(runTraceIds('run-1').traceId);
  });

  it('work without a run stays in the trace of its sender', async () => {
    const unnamed = { ...span, runId: undefined };
    const traceId = await withExtractedTrace({ traceparent: SENDER }, () =>
      inSpan(unnamed, async () => activeTraceId()),
    );
    expect(traceId).toBe(SENDER_TRACE);
  });

  it('captured contexts are gone back to, and no context leaks into work that has none', async () => {
    const captured = await inSpan(span, async () => captureContext());
    expect(withContext(captured, () => activeTraceId())).toBe(runTraceIds('run-1').traceId);
    const inner = await inSpan(span, async () => withContext(undefined, () => activeTraceId()));
    expect(inner).toBeUndefined();
  });

  it('ends once, and can begin again', async () => {
    await tracing.stop();
    await tracing.stop();
    expect(isTracing()).toBe(false);
    const options = { endpoint: 'http://127.0.0.1:1/', resource, sampleRatio: 1 };
    const again = await startTracing({ ...options, log: silentLog, metrics: new Metrics() });
    onTestFinished(() => again.stop());
    expect(isTracing()).toBe(true);
  });
});

it('the ids of a trace are pinned: they are what a run is searched by', () => {
  expect(runTraceIds('run-1')).toEqual({ traceId: '4e65d3fbe8ad6535681b021b30785b12', spanId: 'b6c0e3f8878859a4' });
});
