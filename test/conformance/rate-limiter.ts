/** What a limiter of rate and concurrency is, within one process or over many. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { KeyLimits, Limiter, Permit } from '../../libs/limits/limiter.ts';

export interface LimiterHarness {
  open(defaults: KeyLimits, overrides?: Readonly<Record<string, Partial<KeyLimits>>>): Limiter;
  now(): number;
  /** Moves the clock, with everything that happens on the way. */
  advance(ms: number): Promise<void>;
  close(): Promise<void>;
}

export const UNLIMITED: KeyLimits = { requestsPerSecond: 0, concurrency: 0 };
export const never = new AbortController().signal;

/** Somebody who asked, and when it started. */
export interface Asked {
  readonly startedAtMs: () => number | undefined;
  readonly permit: () => Permit;
  readonly release: () => void;
}

export function askFor(harness: Pick<LimiterHarness, 'now'>, limiter: Limiter, key: string, signal = never): Asked {
  let started: { readonly atMs: number; readonly permit: Permit } | undefined;
  limiter.acquire(key, signal).then(
    (permit) => {
      started = { atMs: harness.now(), permit };
    },
    () => undefined,
  );
  return {
    startedAtMs: () => started?.atMs,
    permit: () => started!.permit,
    release: () => started?.permit.release(),
  };
}

export function describeLimiter(name: string, openHarness: () => Promise<LimiterHarness>): void {
  describe(`a limiter ${name}`, () => {
    let harness: LimiterHarness;
    let startMs: number;

    beforeEach(async () => {
      harness = await openHarness();
      startMs = harness.now();
    });
    afterEach(() => harness.close());

    const ask = (limiter: Limiter, count: number, key = 'a') =>
      Array.from({ length: count }, () => askFor(harness, limiter, key));
    const starts = (asked: readonly Asked[]) =>
      asked.map((each) => {
        const atMs = each.startedAtMs();
        return atMs === undefined ? undefined : atMs - startMs;
      });
    const started = (asked: readonly Asked[]) => starts(asked).filter((atMs) => atMs !== undefined).length;

    it('keeps each provider to its own rate and number, and none waits for another (B31)', async () => {
      const limiter = harness.open({ requestsPerSecond: 1, concurrency: 1 });
      limiter.setLimits('model:slow', { requestsPerSecond: 2, concurrency: 100 });
      limiter.setLimits('model:fast', { requestsPerSecond: 50, concurrency: 100 });
      limiter.setLimits('model:few', { requestsPerSecond: 0, concurrency: 3 });
      const [slow, fast, few] = ['model:slow', 'model:fast', 'model:few'].map((key) => ask(limiter, 20, key));
      await harness.advance(1_400);
      expect([slow, fast, few].map((asked) => started(asked ?? []))).toEqual([3, 20, 3]);
    });

    it('lets everybody of an unlimited key go at once', async () => {
      const limiter = harness.open(UNLIMITED);
      const asked = ask(limiter, 200);
      await harness.advance(0);
      expect(started(asked)).toBe(200);
      expect(limiter.snapshot()).toEqual([{ key: 'a', waiting: 0, inFlight: 200, nextAtMs: undefined }]);
      for (const each of asked) each.release();
      expect(limiter.snapshot()).toEqual([]);
    });

    it('spaces starts evenly, in the order of asking', async () => {
      const limiter = harness.open({ requestsPerSecond: 4, concurrency: 0 });
      const asked = ask(limiter, 5);
      await harness.advance(0);
      expect(starts(asked)).toEqual([0, undefined, undefined, undefined, undefined]);
      expect(limiter.waiting('a')).toBe(4);
      await harness.advance(10_000);
      expect(starts(asked)).toEqual([0, 250, 500, 750, 1_000]);
      expect(limiter.waiting('a')).toBe(0);
    });

    it('keeps a rate of hundreds in a second', async () => {
      const asked = ask(harness.open({ requestsPerSecond: 500, concurrency: 0 }), 300);
      await harness.advance(1_000);
      expect(starts(asked)).toEqual(Array.from({ length: 300 }, (_, at) => at * 2));
    });

    it('holds no more permits than allowed, and takes each back once', async () => {
      const limiter = harness.open({ requestsPerSecond: 0, concurrency: 2 });
      const asked = ask(limiter, 5);
      await harness.advance(5_000);
      expect(started(asked)).toBe(2);
      asked[0]!.release();
      asked[0]!.release();
      await harness.advance(5_000);
      expect(started(asked)).toBe(3);
      for (let round = 0; round < 3; round++) {
        for (const each of asked) each.release();
        await harness.advance(1_000);
      }
      expect(started(asked)).toBe(5);
    });

    it('counts each key by itself, whatever it is called, with the limits that are its own', async () => {
      const limiter = harness.open({ requestsPerSecond: 0, concurrency: 1 }, { wide: { concurrency: 2 } });
      const keys = ['wide', '__proto__', 'constructor', 'a:b {c} %\n'];
      const asked = keys.map((key) => ask(limiter, 3, key));
      await harness.advance(1_000);
      expect(asked.map(started)).toEqual([2, 1, 1, 1]);
    });

    it('takes new limits at once', async () => {
      const limiter = harness.open({ requestsPerSecond: 0, concurrency: 1 });
      const asked = ask(limiter, 3);
      await harness.advance(0);
      limiter.setLimits('a', { concurrency: 2 });
      await harness.advance(100);
      expect(started(asked)).toBe(2);
    });

    it('starts nobody while it is delayed, and never shortens a delay', async () => {
      const limiter = harness.open(UNLIMITED);
      limiter.delay('a', startMs + 60_000);
      limiter.delay('a', startMs + 1_000);
      for (const untilMs of [startMs - 1, Number.NaN, Number.POSITIVE_INFINITY]) limiter.delay('a', untilMs);
      const asked = ask(limiter, 2);
      await harness.advance(59_999);
      expect(starts(asked)).toEqual([undefined, undefined]);
      expect(limiter.tryAcquire('a')).toBeUndefined();
      expect(limiter.snapshot()).toMatchObject([{ key: 'a', waiting: 2, nextAtMs: startMs + 60_000 }]);
      await harness.advance(1);
      expect(starts(asked)).toEqual([60_000, 60_000]);
    });

    it('keeps the longer of the rate and the least interval', async () => {
      const limiter = harness.open({ requestsPerSecond: 10, concurrency: 0 });
      limiter.setMinInterval('a', 3_000);
      const asked = ask(limiter, 3);
      await harness.advance(3_500);
      expect(starts(asked)).toEqual([0, 3_000, undefined]);
      limiter.setMinInterval('a', 0);
      await harness.advance(200);
      expect(starts(asked)[2]).toBeLessThanOrEqual(3_700);
    });

    it('learns of an interval after the first start, and keeps it from that start on', async () => {
      const limiter = harness.open(UNLIMITED);
      const [first] = ask(limiter, 1);
      await harness.advance(1_000);
      limiter.setMinInterval('a', 5_000);
      await harness.advance(0);
      first!.release();
      const asked = ask(limiter, 2);
      await harness.advance(20_000);
      for (const [at, atMs] of starts(asked).entries()) expect(atMs).toBeGreaterThanOrEqual(at * 5_000 + 1_000);
      expect(starts(asked)[1]! - starts(asked)[0]!).toBe(5_000);
    });

    it('leaves out whoever gives up, and says so', async () => {
      const limiter = harness.open({ requestsPerSecond: 1, concurrency: 0 });
      const leaving = new AbortController();
      const [first] = ask(limiter, 1);
      const abandoned = limiter.acquire('a', leaving.signal);
      const [last] = ask(limiter, 1);
      await harness.advance(0);
      leaving.abort(new Error('enough'));
      await expect(abandoned).rejects.toMatchObject({ code: 'limits.aborted', class: 'retryable' });
      await expect(limiter.acquire('a', leaving.signal)).rejects.toMatchObject({ code: 'limits.aborted' });
      await harness.advance(1_000);
      expect(starts([first!, last!])).toEqual([0, 1_000]);
    });

    it('never gives a permit past those who wait, nor past the limits, to who only tries', async () => {
      const limiter = harness.open({ requestsPerSecond: 0, concurrency: 2 });
      const asked = ask(limiter, 3);
      await harness.advance(1_000);
      expect(limiter.tryAcquire('a')).toBeUndefined();
      asked[0]!.release();
      expect(limiter.tryAcquire('a')).toBeUndefined();
      await harness.advance(1_000);
      expect(started(asked)).toBe(3);
      expect(limiter.tryAcquire('a')).toBeUndefined();
    });
  });
}
