/** What a gate tells Redis, and when: held against a Redis that answers what the test says. */
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../clock/clock.ts';
import { ManualTimers } from '../../concurrency/timers.ts';
import { CatenaError } from '../../errors/catena-error.ts';
import type { KeyLimits, Permit } from '../limiter.ts';
import { SharedGate } from './shared-gate.ts';
import type { Take, Taken } from './take.ts';

const never = new AbortController().signal;
const LEASE_MS = 30_000;
const gone = new CatenaError('limits.unavailable', 'Redis is gone', { class: 'retryable' });

interface Bench {
  /** What Redis does with a call; by default it grants everything. */
  answer: (take: Take) => Partial<Taken> | Promise<Partial<Taken>>;
  readonly calls: (Take & { readonly atMs: number })[];
  readonly timers: ManualTimers;
  readonly clock: ManualClock;
  readonly gate: SharedGate;
}

function open(limits: Partial<KeyLimits> = {}): Bench {
  const clock = new ManualClock();
  const timers = new ManualTimers(clock);
  const calls: Bench['calls'] = [];
  const startMs = clock.now();
  const bench: Bench = {
    answer: (take) => ({ granted: take.wanted }),
    calls,
    timers,
    clock,
    gate: new SharedGate(
      { requestsPerSecond: 0, concurrency: 0, ...limits },
      {
        ...{ clock, timers, leaseMs: LEASE_MS },
        take: async (take) => {
          calls.push({ ...take, atMs: clock.now() - startMs });
          const nothing = { granted: 0, firstInMs: 0, spacingMs: 0, waitMs: 0, blockedMs: 0, intervalMs: 0 };
          return { ...nothing, ...(await bench.answer(take)) };
        },
      },
    ),
  };
  return bench;
}

/** A wait whose permit stands in the list once it is there. */
function waitOn(gate: SharedGate, signal = never): Permit[] {
  const permits: Permit[] = [];
  gate.wait(signal).then(
    (permit) => permits.push(permit),
    () => undefined,
  );
  return permits;
}

describe('a gate of a shared limit', () => {
  it('makes one call at a time, for all who wait', async () => {
    const first = Promise.withResolvers<Partial<Taken>>();
    const bench = open({ concurrency: 100 });
    bench.answer = (take) => (take.wanted === 1 ? first.promise : { granted: take.wanted });
    const waiting = Array.from({ length: 5 }, () => waitOn(bench.gate));
    await bench.timers.advance(100);
    expect(bench.calls.map(({ wanted }) => wanted)).toEqual([1]);
    first.resolve({ granted: 1 });
    await bench.timers.advance(0);
    expect(bench.calls.map(({ holding, wanted }) => [holding, wanted])).toEqual([
      [0, 1],
      [1, 4],
    ]);
    expect(waiting.flat()).toHaveLength(5);
  });

  it('asks again when it was told to, and not before', async () => {
    const bench = open({ requestsPerSecond: 1 });
    bench.answer = () => ({ waitMs: 700, spacingMs: 1_000 });
    waitOn(bench.gate);
    waitOn(bench.gate);
    await bench.timers.advance(2_000);
    expect(bench.calls.map(({ atMs }) => atMs)).toEqual([0, 700, 1_400]);
  });

  it('gives what is granted to those who go ahead first, and says how long one more of them would wait', async () => {
    const bench = open({ requestsPerSecond: 1 });
    bench.answer = ({ wanted }) => ({ granted: Math.min(1, wanted), spacingMs: 1_000, waitMs: 1_000 });
    await held(bench);
    const order: string[] = [];
    for (const [name, place] of [
      ['new', 'last'],
      ['begun 1', 'ahead'],
      ['begun 2', 'ahead'],
    ] as const) {
      void bench.gate.wait(never, place).then(() => order.push(name));
    }
    expect(bench.gate.waitAheadMs()).toBe(3_000);
    expect([bench.gate.postpone(), bench.gate.postpone()]).toEqual([3_000, 4_000]);
    await bench.timers.advance(3_000);
    expect(order).toEqual(['begun 1', 'begun 2', 'new']);
    expect(bench.gate.isForgettable(bench.clock.monotonic()), 'it has told somebody a later time').toBe(false);
  });

  it('does not hold a permit whose holder stepped aside, but lets nobody new have its room', async () => {
    const bench = open({ concurrency: 1 });
    const [elsewhere] = await held(bench);
    elsewhere!.stepAside!();
    const fresh = waitOn(bench.gate);
    await bench.timers.advance(1_000);
    expect([fresh.length, bench.calls.at(-1)!.holding, bench.timers.size]).toEqual([0, 0, 0]);
    const begun = bench.gate.wait(never, 'ahead');
    await bench.timers.advance(0);
    (await begun).release();
    await bench.timers.advance(1_000);
    expect([fresh.length, bench.calls.map(({ wanted }) => wanted)]).toEqual([0, [1, 0, 1, 0]]);
    elsewhere!.release();
    await bench.timers.advance(0);
    expect(fresh).toHaveLength(1);
  });

  it('says what it holds a third into the lease, as long as it holds something', async () => {
    const bench = open({ concurrency: 2 });
    const [permit] = await held(bench);
    await bench.timers.advance(25_000);
    expect(bench.calls.map(({ atMs, holding }) => [atMs, holding])).toEqual([
      [0, 0],
      [10_000, 1],
      [20_000, 1],
    ]);
    permit!.release();
    await bench.timers.advance(60_000);
    expect(bench.calls.at(-1)).toMatchObject({ atMs: 25_000, holding: 0, wanted: 0 });
    expect(bench.timers.size).toBe(0);
  });

  it('needs no call for what is given back where permits are not counted', async () => {
    const bench = open({ requestsPerSecond: 10 });
    const [permit] = await held(bench);
    permit!.release();
    await bench.timers.advance(60_000);
    expect(bench.calls).toHaveLength(1);
  });

  it('takes back what it asked for when nobody waits any more', async () => {
    const bench = open({ requestsPerSecond: 1 });
    bench.answer = () => ({ waitMs: 5_000, spacingMs: 1_000 });
    const leaving = new AbortController();
    waitOn(bench.gate, leaving.signal);
    await bench.timers.advance(0);
    leaving.abort();
    await bench.timers.advance(10_000);
    expect(bench.calls.map(({ wanted }) => wanted)).toEqual([1, 0]);
    expect(bench.gate.isForgettable(bench.clock.monotonic())).toBe(true);
  });

  it('starts nobody on a grant that a delay has overtaken', async () => {
    const bench = open();
    const first = Promise.withResolvers<Partial<Taken>>();
    bench.answer = (take) =>
      take.delayMs === 0 && bench.calls.length === 1 ? first.promise : { granted: take.wanted };
    const permits = waitOn(bench.gate);
    bench.gate.delay(bench.clock.monotonic() + 1_000);
    first.resolve({ granted: 33 });
    await bench.timers.advance(999);
    expect([permits.length, bench.gate.tryStart()]).toEqual([0, undefined]);
    expect(bench.calls[1]).toMatchObject({ delayMs: 1_000, wanted: 0 });
    await bench.timers.advance(1);
    expect(permits).toHaveLength(1);
  });

  it('backs off while Redis does not answer, and starts nobody', async () => {
    const bench = open();
    bench.answer = () => Promise.reject(gone);
    const permits = waitOn(bench.gate);
    await bench.timers.advance(10_000);
    expect(bench.calls.map(({ atMs }) => atMs)).toEqual([0, 100, 300, 700, 1_500, 3_100, 5_100, 7_100, 9_100]);
    expect(permits).toEqual([]);
    bench.answer = ({ wanted }) => ({ granted: wanted });
    await bench.timers.advance(2_000);
    expect(permits).toHaveLength(1);
  });

  it('makes a call good whose answer was lost: what is held is told again, though nobody waits', async () => {
    const bench = open({ concurrency: 1 });
    bench.answer = () => Promise.reject(gone);
    const leaving = new AbortController();
    waitOn(bench.gate, leaving.signal);
    await bench.timers.advance(0);
    leaving.abort();
    bench.answer = () => ({});
    await bench.timers.advance(200);
    expect(bench.calls.slice(1)).toMatchObject([{ holding: 0, wanted: 0 }]);
  });

  it('gives a permit back in the end, though Redis did not hear of it at first', async () => {
    const bench = open({ concurrency: 1 });
    const [permit] = await held(bench);
    bench.answer = () => Promise.reject(gone);
    permit!.release();
    await bench.timers.advance(50);
    bench.answer = () => ({});
    await bench.timers.advance(5_000);
    expect(bench.calls.slice(1)).toMatchObject([
      { atMs: 0, holding: 0 },
      { atMs: 100, holding: 0 },
    ]);
  });

  it('keeps no start with a place in time for later', async () => {
    const bench = open({ requestsPerSecond: 10 });
    bench.answer = (take) => ({ granted: take.wanted, firstInMs: 50, spacingMs: 100 });
    const leaving = new AbortController();
    const permits = waitOn(bench.gate, leaving.signal);
    await bench.timers.advance(0);
    leaving.abort();
    await bench.timers.advance(60);
    expect([permits.length, bench.gate.tryStart()]).toEqual([0, undefined]);
  });
});

async function held(bench: Bench): Promise<Permit[]> {
  const permits = waitOn(bench.gate);
  await bench.timers.advance(0);
  expect(permits).toHaveLength(1);
  return permits;
}
