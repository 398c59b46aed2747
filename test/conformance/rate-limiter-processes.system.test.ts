/** What holds over processes, measured on the clock that Redis decides by. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sharedKeys } from '../../libs/keys/keys.ts';
import type { Limiter, Permit } from '../../libs/limits/limiter.ts';
import type { RedisLimits } from '../../libs/limits/redis/index.ts';
import { type RedisServer, startRedisServer } from '../fixtures/servers/redis-server.ts';
import { askFor, never, UNLIMITED } from './rate-limiter.ts';
import { openSharedHarness, type SharedHarness } from './rate-limiter-shared.ts';

let server: RedisServer;
beforeAll(async () => {
  server = await startRedisServer();
});
afterAll(() => server?.stop());

let harness: SharedHarness;
beforeEach(async () => {
  harness = await openSharedHarness(server.url);
});
afterEach(() => harness.close());

const PROCESSES = [0, 1, 2] as const;

/** Asks again as soon as it may, for ever, and holds each permit for a while; answers the times of its starts. */
function keepAsking(limiter: Limiter, onStart: (permit: Permit) => void): void {
  void limiter.acquire('a', never).then((permit) => {
    onStart(permit);
    keepAsking(limiter, onStart);
  });
}

function open(limits: Parameters<SharedHarness['process']>[0]): RedisLimits[] {
  return PROCESSES.map(() => harness.process(limits));
}

/** Fails if any window holds more starts than the rate allows. */
function expectRate(startsMs: readonly number[], requestsPerSecond: number): void {
  for (let from = 0; from < startsMs.length; from++) {
    for (let to = from; to < startsMs.length; to++) {
      const windowMs = startsMs[to]! - startsMs[from]!;
      expect(to - from + 1, `starts within ${windowMs} ms`).toBeLessThanOrEqual(
        (requestsPerSecond * windowMs) / 1_000 + 1,
      );
    }
  }
}

describe('three processes', () => {
  it('never exceed the rate together, use it whole, share it evenly, and ask seldom', async () => {
    const startsMs: number[] = [];
    const byProcess = [0, 0, 0];
    const before = await harness.calls();
    for (const [at, { limiter }] of open({ requestsPerSecond: 20, concurrency: 0 }).entries()) {
      for (let asking = 0; asking < 5; asking++) {
        keepAsking(limiter, (permit) => {
          startsMs.push(harness.now());
          byProcess[at]! += 1;
          permit.release();
        });
      }
    }
    await harness.advance(10_000);
    expectRate(startsMs, 20);
    expect(startsMs.length).toBeGreaterThanOrEqual(195);
    expect(Math.min(...byProcess)).toBeGreaterThanOrEqual(50);
    expect((await harness.calls()) - before).toBeLessThan(2.5 * startsMs.length);
  });

  it.each([1, 4, 7])('hold no more than %i permits together, and each gets its share', async (concurrency) => {
    const byProcess = [0, 0, 0];
    const held: { readonly permit: Permit; readonly untilMs: number }[] = [];
    let most = 0;
    for (const [at, { limiter }] of open({ requestsPerSecond: 0, concurrency }).entries()) {
      for (let asking = 0; asking < 10; asking++) {
        keepAsking(limiter, (permit) => {
          held.push({ permit, untilMs: harness.now() + 40 + 30 * at });
          most = Math.max(most, held.length);
          byProcess[at]! += 1;
        });
      }
    }
    for (let step = 0; step < 500; step++) {
      await harness.advance(10);
      for (const done of held.filter(({ untilMs }) => untilMs <= harness.now())) {
        held.splice(held.indexOf(done), 1);
        done.permit.release();
      }
    }
    expect(most).toBe(concurrency);
    const total = byProcess.reduce((sum, count) => sum + count, 0);
    expect(Math.min(...byProcess), byProcess.join(' ')).toBeGreaterThan(total / 8);
    expect(total, 'permits are seldom idle').toBeGreaterThan((concurrency * 5_000) / 70 / 2.5);
  });

  it('obey a delay and an interval that one of them was told of', async () => {
    const [told, other] = open(UNLIMITED);
    const startMs = harness.now();
    told!.limiter.delay('a', startMs + 10_000);
    await harness.advance(0);
    const late = askFor(harness, other!.limiter, 'a');
    await harness.advance(20_000);
    expect(late.startedAtMs()).toBe(startMs + 10_000);
    told!.limiter.setMinInterval('a', 3_000);
    await harness.advance(0);
    const asked = [told, other, other].map((each) => askFor(harness, each!.limiter, 'a'));
    await harness.advance(10_000);
    const times = asked.map(({ startedAtMs }) => startedAtMs()!).sort((one, two) => one - two);
    expect([times[1]! - times[0]!, times[2]! - times[1]!]).toEqual([3_000, 3_000]);
  });
});

it('a process that dies loses its permits with their lease, one that lives keeps them', async () => {
  const [dead, other] = open({ requestsPerSecond: 0, concurrency: 2 });
  const lost = askFor(harness, dead!.limiter, 'a');
  const kept = askFor(harness, other!.limiter, 'a');
  await harness.advance(0);
  expect([lost.startedAtMs(), kept.startedAtMs()]).not.toContain(undefined);
  harness.kill(dead!);
  const next = [askFor(harness, other!.limiter, 'a'), askFor(harness, other!.limiter, 'a')];
  await harness.advance(29_000);
  expect(next[0]!.startedAtMs()).toBeUndefined();
  await harness.advance(2_000);
  expect(next[0]!.startedAtMs(), 'the permit of the dead one').toBeDefined();
  await harness.advance(300_000);
  expect(next[1]!.startedAtMs(), 'the other is held still').toBeUndefined();
  kept.release();
  await harness.advance(100);
  expect(next[1]!.startedAtMs()).toBeDefined();
});

it('who dies while it waits holds up the others for less than a second', async () => {
  const [dead, other] = open({ requestsPerSecond: 1, concurrency: 0 });
  const startMs = harness.now();
  askFor(harness, other!.limiter, 'a');
  await harness.advance(0);
  askFor(harness, dead!.limiter, 'a');
  const next = askFor(harness, other!.limiter, 'a');
  await harness.advance(0);
  harness.kill(dead!);
  await harness.advance(1_050);
  expect(next.startedAtMs(), 'it is the turn of the dead one').toBeUndefined();
  await harness.advance(2_000);
  expect(next.startedAtMs()! - startMs).toBeLessThan(2_000);
});

it('whose requests are slow leaves the others their share of the permits', async () => {
  const holdMs = [2_000, 20];
  const starts = [0, 0];
  const held: { readonly permit: Permit; readonly untilMs: number }[] = [];
  for (const [at, ms] of holdMs.entries()) {
    const { limiter } = harness.process({ requestsPerSecond: 0, concurrency: 4 });
    for (let asking = 0; asking < 8; asking++) {
      keepAsking(limiter, (permit) => {
        starts[at]! += 1;
        held.push({ permit, untilMs: harness.now() + ms });
      });
    }
  }
  for (let step = 0; step < 500; step++) {
    await harness.advance(20);
    for (const done of held.filter(({ untilMs }) => untilMs <= harness.now())) {
      held.splice(held.indexOf(done), 1);
      done.permit.release();
    }
  }
  expect(starts[0]).toBeGreaterThanOrEqual(8);
  expect(starts[1], 'two permits, most of the time').toBeGreaterThan(500);
});

it('forgets holders that have gone', async () => {
  for (let at = 0; at < 5; at++) {
    const gone = harness.process({ requestsPerSecond: 0, concurrency: 10 });
    askFor(harness, gone.limiter, 'a');
    await harness.advance(0);
    harness.kill(gone);
  }
  await harness.advance(31_000);
  askFor(harness, harness.process({ requestsPerSecond: 0, concurrency: 10 }).limiter, 'a');
  await harness.advance(0);
  const fields = await harness.redis.hkeys(sharedKeys.rateLimit('a'));
  expect(fields.filter((name) => name.startsWith('h:'))).toHaveLength(1);
});

it('every key expires when it is idle', async () => {
  const { limiter } = harness.process({ requestsPerSecond: 5, concurrency: 3 });
  const keys = ['a', 'b', 'c'];
  const asked = keys.map((key) => askFor(harness, limiter, key));
  await harness.advance(1_000);
  for (const each of asked) each.release();
  await harness.advance(1_000);
  expect(limiter.snapshot()).toEqual([]);
  for (const key of keys) {
    const expiresInMs = await harness.redis.pttl(sharedKeys.rateLimit(key));
    expect(expiresInMs).toBeGreaterThan(0);
    expect(expiresInMs).toBeLessThanOrEqual(32_000);
  }
  expect(await harness.redis.keys('*')).toHaveLength(keys.length);
});

it('a key without limits is asked for in advance, so that who only tries gets its start without a call', async () => {
  const { limiter } = harness.process(UNLIMITED);
  expect(limiter.tryAcquire('a'), 'nothing is known of it yet').toBeUndefined();
  askFor(harness, limiter, 'a');
  await harness.advance(0);
  const before = await harness.calls();
  for (let at = 0; at < 32; at++) expect(limiter.tryAcquire('a')).toBeDefined();
  expect(limiter.tryAcquire('a')).toBeUndefined();
  expect(await harness.calls()).toBe(before);
});

it('what was granted and not used in time is given up: no burst after a halt', async () => {
  const { limiter } = harness.process(UNLIMITED);
  askFor(harness, limiter, 'a');
  await harness.advance(1_000);
  expect(limiter.tryAcquire('a')).toBeUndefined();
});

it('permits given back while the process closes are free at once', async () => {
  const [closing, other] = open({ requestsPerSecond: 0, concurrency: 1 });
  const held = askFor(harness, closing!.limiter, 'a');
  await harness.advance(0);
  held.release();
  await closing!.close();
  await closing!.close();
  const next = askFor(harness, other!.limiter, 'a');
  await harness.advance(60);
  expect(next.startedAtMs()).toBeDefined();
});
