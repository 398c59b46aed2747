import { describe, expect, it } from 'vitest';
import { ManualClock } from '../clock/clock.ts';
import type { Share } from '../concurrency/fair-queue.ts';
import { ManualTimers } from '../concurrency/timers.ts';
import { type KeyLimits, type Permit, RateLimiter } from './rate-limiter.ts';

const UNLIMITED: KeyLimits = { requestsPerSecond: 0, concurrency: 0 };
const never = new AbortController().signal;

function limiterWith(defaults: KeyLimits, overrides: Record<string, Partial<KeyLimits>> = {}) {
  const clock = new ManualClock();
  const timers = new ManualTimers(clock);
  return { clock, timers, limiter: new RateLimiter({ defaults, overrides, clock, timers, forgetAfterMs: 60_000 }) };
}

/** The permit of a promise that has already resolved, or undefined. */
async function settledPermit(promise: Promise<Permit>): Promise<Permit | undefined> {
  return Promise.race([promise, Promise.resolve().then(() => undefined)]);
}

describe('RateLimiter', () => {
  it('lets everybody of an unlimited key go at once, and sets no timer', async () => {
    const { limiter, timers } = limiterWith(UNLIMITED);
    for (let i = 0; i < 100; i++) await limiter.acquire('a', never);
    expect(limiter.tryAcquire('a')).toBeDefined();
    expect(timers.size).toBe(0);
    expect(limiter.snapshot()).toEqual([{ key: 'a', waiting: 0, inFlight: 101, nextAtMs: undefined }]);
    expect(await limiter.look(['a', 'idle'])).toEqual(limiter.snapshot());
    expect(await limiter.look(['idle'])).toEqual([]);
  });

  it('spaces the starts of a key evenly', async () => {
    const { limiter, timers, clock } = limiterWith({ requestsPerSecond: 4, concurrency: 0 });
    const startMs = clock.now();
    const starts: number[] = [];
    for (let i = 0; i < 4; i++) void limiter.acquire('a', never).then(() => starts.push(clock.now() - startMs));
    expect(limiter.waiting('a')).toBe(3);
    expect(timers.size).toBe(1);
    await timers.advance(10_000);
    expect(starts).toEqual([0, 250, 500, 750]);
    expect(timers.size).toBe(0);
  });

  it('serves runs in turn, classes by their weights, and work that has begun before all of them', async () => {
    const { limiter, timers } = limiterWith({ requestsPerSecond: 10, concurrency: 0 });
    const started: string[] = [];
    const wait = (name: string, share: Share, place: 'last' | 'ahead' = 'last') =>
      void limiter.acquire('a', never, place, share).then(() => started.push(name));
    const large = { weight: 4, account: 'acme', runId: 'large' };
    for (let at = 0; at < 30; at++) wait('large', large);
    wait('small', { ...large, runId: 'small' });
    for (let at = 0; at < 8; at++) wait('urgent', { weight: 16, account: 'acme', runId: 'urgent' });
    wait('begun', large, 'ahead');
    await timers.advance(1_000);
    expect(started.slice(0, 2)).toEqual(['large', 'begun']);
    expect(started.slice(2, 9).filter((name) => name === 'urgent').length).toBeGreaterThanOrEqual(5);
    expect(started).toContain('small');
  });

  it('counts each key by itself, and takes overrides for the keys that have them', async () => {
    const { limiter } = limiterWith(
      { requestsPerSecond: 1, concurrency: 1 },
      { fast: { requestsPerSecond: 0, concurrency: 2 } },
    );
    expect(limiter.tryAcquire('a')).toBeDefined();
    expect(limiter.tryAcquire('a')).toBeUndefined();
    expect(limiter.tryAcquire('b')).toBeDefined();
    expect([limiter.tryAcquire('fast'), limiter.tryAcquire('fast')]).not.toContain(undefined);
    expect(limiter.tryAcquire('fast')).toBeUndefined();
  });

  it('has no limits of its own for keys named like what every object inherits', () => {
    const { limiter } = limiterWith(UNLIMITED);
    for (const key of ['__proto__', 'constructor', 'toString']) expect(limiter.tryAcquire(key)).toBeDefined();
  });

  it('admits the next one when a permit comes back, and a permit comes back once only', async () => {
    const { limiter } = limiterWith({ requestsPerSecond: 0, concurrency: 1 });
    const first = await limiter.acquire('a', never);
    const second = limiter.acquire('a', never);
    const third = limiter.acquire('a', never);
    first.release();
    first.release();
    expect(await settledPermit(second)).toBeDefined();
    expect(await settledPermit(third)).toBeUndefined();
    expect(limiter.waiting('a')).toBe(1);
  });

  it('never lets a try overtake somebody who waits', async () => {
    const { limiter } = limiterWith({ requestsPerSecond: 0, concurrency: 1 });
    const first = limiter.tryAcquire('a');
    const waiting = limiter.acquire('a', never);
    first?.release();
    expect(limiter.tryAcquire('a')).toBeUndefined();
    (await waiting).release();
    expect(limiter.tryAcquire('a')).toBeDefined();
  });

  it('keeps the order when a timer is late', async () => {
    const { limiter, timers, clock } = limiterWith({ requestsPerSecond: 1, concurrency: 0 });
    limiter.tryAcquire('a');
    const waiting = limiter.acquire('a', never);
    clock.advance(1_500);
    expect(limiter.tryAcquire('a')).toBeUndefined();
    await timers.advance(0);
    expect(await settledPermit(waiting)).toBeDefined();
  });

  it('gives up a wait when the signal says so, and leaves neither a waiter nor a timer', async () => {
    const { limiter, timers } = limiterWith({ requestsPerSecond: 1, concurrency: 0 });
    limiter.tryAcquire('a');
    const controller = new AbortController();
    const waiting = limiter.acquire('a', controller.signal);
    expect(timers.size).toBe(1);
    controller.abort(new Error('shutting down'));
    await expect(waiting).rejects.toMatchObject({ code: 'limits.aborted', class: 'retryable' });
    expect(limiter.waiting('a')).toBe(0);
    expect(timers.size).toBe(0);
    await expect(limiter.acquire('b', controller.signal)).rejects.toMatchObject({ code: 'limits.aborted' });
  });

  it('keeps a permit that was granted before the signal was aborted', async () => {
    const { limiter } = limiterWith({ requestsPerSecond: 0, concurrency: 1 });
    const first = limiter.tryAcquire('a');
    const controller = new AbortController();
    const waiting = limiter.acquire('a', controller.signal);
    first?.release();
    controller.abort();
    (await waiting).release();
    expect(limiter.tryAcquire('a')).toBeDefined();
  });

  it('lets nobody start before a delay has passed, and a shorter delay does not shorten it', async () => {
    const { limiter, timers, clock } = limiterWith(UNLIMITED);
    limiter.delay('a', clock.now() + 5_000);
    limiter.delay('a', clock.now() + 1_000);
    limiter.delay('a', clock.now() - 1_000);
    expect(limiter.snapshot()).toEqual([{ key: 'a', waiting: 0, inFlight: 0, nextAtMs: clock.now() + 5_000 }]);
    const waiting = limiter.acquire('a', never);
    await timers.advance(4_999);
    expect(await settledPermit(waiting)).toBeUndefined();
    await timers.advance(1);
    expect(await settledPermit(waiting)).toBeDefined();
    expect(limiter.tryAcquire('b')).toBeDefined();
  });

  it('holds up those who already wait when a delay comes', async () => {
    const { limiter, timers, clock } = limiterWith({ requestsPerSecond: 10, concurrency: 0 });
    limiter.tryAcquire('a');
    const waiting = limiter.acquire('a', never);
    limiter.delay('a', clock.now() + 2_000);
    await timers.advance(1_999);
    expect(await settledPermit(waiting)).toBeUndefined();
    await timers.advance(1);
    expect(await settledPermit(waiting)).toBeDefined();
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])('ignores a delay of %s', (untilMs) => {
    const { limiter } = limiterWith(UNLIMITED);
    limiter.delay('a', untilMs);
    limiter.setMinInterval('a', untilMs);
    expect([limiter.tryAcquire('a'), limiter.tryAcquire('a')]).not.toContain(undefined);
  });

  it('waits out a delay that is longer than a timer can be', async () => {
    const { limiter, timers, clock } = limiterWith(UNLIMITED);
    limiter.delay('a', clock.now() + 2 ** 32);
    const waiting = limiter.acquire('a', never);
    await timers.advance(2 ** 32 - 1);
    expect(await settledPermit(waiting)).toBeUndefined();
    await timers.advance(1);
    expect(await settledPermit(waiting)).toBeDefined();
  });

  it('keeps the longer of the rate and the minimum interval, and takes the interval back', async () => {
    const { limiter, timers } = limiterWith({ requestsPerSecond: 10, concurrency: 0 });
    limiter.setMinInterval('a', 3_000);
    limiter.tryAcquire('a');
    await timers.advance(2_999);
    expect(limiter.tryAcquire('a')).toBeUndefined();
    await timers.advance(1);
    expect(limiter.tryAcquire('a')).toBeDefined();
    const waiting = limiter.acquire('a', never);
    limiter.setMinInterval('a', 0);
    await timers.advance(100);
    expect(await settledPermit(waiting)).toBeDefined();
  });

  it('admits those who wait when limits are loosened', async () => {
    const { limiter } = limiterWith({ requestsPerSecond: 0, concurrency: 1 });
    limiter.tryAcquire('a');
    const waiting = limiter.acquire('a', never);
    limiter.setLimits('a', { concurrency: 2 });
    expect(await settledPermit(waiting)).toBeDefined();
    expect(limiter.tryAcquire('a')).toBeUndefined();
  });

  it('forgets idle keys, but not what a key still has to keep', async () => {
    const { limiter, timers, clock } = limiterWith(UNLIMITED, { busy: { concurrency: 1 } });
    const held = limiter.tryAcquire('busy');
    limiter.delay('delayed', clock.now() + 120_000);
    limiter.setMinInterval('crawl-delay', 5_000);
    for (let i = 0; i < 10_000; i++) limiter.tryAcquire(`host-${i}`)?.release();
    expect(limiter.size).toBeLessThan(1_100);
    expect(limiter.tryAcquire('busy')).toBeUndefined();
    expect(limiter.tryAcquire('delayed')).toBeUndefined();
    limiter.tryAcquire('crawl-delay')?.release();
    expect(limiter.tryAcquire('crawl-delay')).toBeUndefined();
    held?.release();
    await timers.advance(200_000);
    for (let i = 0; i < 2_000; i++) limiter.tryAcquire(`later-${i}`)?.release();
    expect(limiter.tryAcquire('crawl-delay')).toBeDefined();
    expect(limiter.tryAcquire('crawl-delay'), 'its interval is forgotten after a while').toBeDefined();
  });
});

describe('work that has begun', () => {
  it('goes ahead of work that has not, in the order of asking, also when some of it gives up', async () => {
    const { limiter } = limiterWith({ requestsPerSecond: 0, concurrency: 1 });
    let held = limiter.tryAcquire('a')!;
    const order: string[] = [];
    const giveUp = new AbortController();
    const ask = (name: string, place: 'last' | 'ahead', signal = never) =>
      limiter.acquire('a', signal, place).then(
        (permit) => {
          order.push(name);
          held = permit;
        },
        () => order.push(`${name} gave up`),
      );
    const asked = [
      ask('new 1', 'last'),
      ask('begun 1', 'ahead'),
      ask('begun 2', 'ahead', giveUp.signal),
      ask('new 2', 'last'),
    ];
    giveUp.abort();
    asked.push(ask('begun 3', 'ahead'));
    for (let turn = 0; turn < 5; turn++) {
      held.release();
      await new Promise(setImmediate);
    }
    await Promise.all(asked);
    expect(order).toEqual(['begun 2 gave up', 'begun 1', 'begun 3', 'new 1', 'new 2']);
  });

  it('has the room of whoever stepped aside, which work that has not begun must wait for', async () => {
    const { limiter, timers } = limiterWith({ requestsPerSecond: 0, concurrency: 1 });
    const elsewhere = limiter.tryAcquire('a')!;
    const begun = limiter.acquire('a', never, 'ahead');
    const fresh = limiter.acquire('a', never);
    expect(await settledPermit(begun)).toBeUndefined();
    elsewhere.stepAside!();
    elsewhere.stepAside!();
    const permit = await settledPermit(begun);
    expect(limiter.tryAcquire('a', 'ahead'), 'one at a time all the same').toBeUndefined();
    permit!.release();
    expect(await settledPermit(fresh)).toBeUndefined();
    expect([timers.size, limiter.tryAcquire('a')]).toEqual([0, undefined]);
    elsewhere.release();
    elsewhere.release();
    (await fresh).release();
    expect([limiter.tryAcquire('a'), limiter.tryAcquire('a')]).toEqual([expect.anything(), undefined]);
  });

  it('and waits for one another in a circle ends the wait: who steps aside holds nobody up who has begun', async () => {
    const { limiter } = limiterWith({ requestsPerSecond: 0, concurrency: 2 });
    const moves = async (from: string, to: string) => {
      const permit = await limiter.acquire(from, never);
      await new Promise(setImmediate);
      permit.stepAside!();
      const next = await limiter.acquire(to, never, 'ahead');
      permit.release();
      await new Promise(setImmediate);
      next.release();
    };
    await Promise.all(Array.from({ length: 20 }, (_, n) => (n % 2 === 0 ? moves('a', 'b') : moves('b', 'a'))));
    expect(limiter.snapshot()).toEqual([]);
  });

  it('is told how long it waits, whoever else waits, and each that cannot is told a later time to ask again', async () => {
    const { limiter, timers } = limiterWith({ requestsPerSecond: 1, concurrency: 0 });
    expect(limiter.waitAheadMs('a')).toBe(0);
    limiter.tryAcquire('a');
    await timers.advance(400);
    for (let others = 0; others < 3; others++) void limiter.acquire('a', never);
    expect(limiter.waitAheadMs('a')).toBe(600);
    void limiter.acquire('a', never, 'ahead');
    expect(limiter.waitAheadMs('a')).toBe(1_600);
    expect([limiter.postpone('a'), limiter.postpone('a')]).toEqual([1_600, 2_600]);
    await timers.advance(600);
    expect([limiter.waitAheadMs('a'), limiter.postpone('a')]).toEqual([1_000, 3_000]);
  });
});

describe('a key whose time comes between two looks at the clock', () => {
  it('still lets its waiters go', async () => {
    // Every look at this clock finds it a millisecond later, so that the next start can pass between any two of them.
    let nowMs = 0;
    const clock = { now: () => nowMs, monotonic: () => nowMs++ };
    for (let requestsPerSecond = 50; requestsPerSecond <= 1_000; requestsPerSecond += 50) {
      const limiter = new RateLimiter({ defaults: { requestsPerSecond, concurrency: 0 }, clock });
      const permits = Array.from({ length: 5 }, () => limiter.acquire('a', never));
      for (const permit of await Promise.all(permits)) permit.release();
    }
  });
});
