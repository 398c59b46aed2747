import { describe, expect, it } from 'vitest';
import { SpanOrigin } from './span-origin.ts';
import { isSampledRun, nodeTraceId, randomHex, runTraceIds, TraceIds } from './trace-ids.ts';

const traceAt = (share: number) =>
  Math.floor(share * 0xffffffff)
    .toString(16)
    .padStart(8, '0')
    .padEnd(32, '0');

describe('the share of runs that are sampled', () => {
  it('is about what was asked for, by the id alone, so that all processes decide the same', () => {
    const sampled = (ratio: number) => [0, 0.2, 0.6, 1].map((share) => isSampledRun(traceAt(share), ratio));
    expect(sampled(1)).toEqual([true, true, true, true]);
    expect(sampled(0.5)).toEqual([true, true, false, false]);
    expect(sampled(0)).toEqual([false, false, false, false]);
  });

  it('is met by the hashes of real ids', () => {
    const ids = Array.from({ length: 4_000 }, (_, at) => runTraceIds(`run-${at}`).traceId);
    const share = ids.filter((id) => isSampledRun(id, 0.05)).length / ids.length;
    expect(share).toBeGreaterThan(0.03);
    expect(share).toBeLessThan(0.07);
  });
});

it('ids are given for one span only, and random otherwise', () => {
  const ids = new TraceIds();
  const traceState = new SpanOrigin('0'.repeat(32), 'node');
  const given = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceState };
  const inside = () => [ids.generateTraceId(), ids.generateSpanId(), ids.shouldSample().traceState];
  expect(ids.given(given, inside)).toEqual([given.traceId, given.spanId, traceState]);
  expect(ids.generateTraceId()).toMatch(/^[0-9a-f]{32}$/);
  expect(ids.generateSpanId()).toMatch(/^[0-9a-f]{16}$/);
  expect(ids.shouldSample()).toEqual({ decision: 2 });
});

it('random ids do not repeat where the pool of random bytes is filled again', () => {
  const ids = Array.from({ length: 3_000 }, () => randomHex(8));
  expect(new Set(ids).size).toBe(ids.length);
});

it('the trace of a hop is the same for whoever computes it, and not that of its run', () => {
  expect(nodeTraceId('run-1', 'hop-1')).toBe(nodeTraceId('run-1', 'hop-1'));
  expect(nodeTraceId('run-1', 'hop-1')).not.toBe(nodeTraceId('run-1', 'hop-2'));
  expect(nodeTraceId('run-1', 'hop-1')).toMatch(/^[0-9a-f]{32}$/);
});
