/** What becomes of shared limits when Redis does not answer, answers late, or is asked twice. */
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { type RedisServer, startRedisServer } from '../../../test/fixtures/servers/redis-server.ts';
import type { CatenaError } from '../../errors/catena-error.ts';
import { sharedKeys } from '../../keys/keys.ts';
import { METRICS } from '../../telemetry/metric-names.ts';
import { Metrics } from '../../telemetry/metrics.ts';
import { openRedisLimits, type RedisLimits, type RedisLimitsOptions } from './index.ts';
import { createLimitRunner, type LimitRunner } from './runner.ts';
import { acquireScript, reportScript, takeScript } from './scripts.ts';
import { takerOf } from './take.ts';

let server: RedisServer;
beforeAll(async () => {
  server = await startRedisServer();
});
afterAll(() => server?.stop());

const POLICY = { failures: 2, openMs: 60_000 };
const never = new AbortController().signal;

function open(options: Partial<RedisLimitsOptions> = {}): RedisLimits {
  const limits = openRedisLimits({ redis: server.url, defaults: { requestsPerSecond: 0, concurrency: 0 }, ...options });
  onTestFinished(() => limits.close());
  return limits;
}

function client(): Redis {
  const redis = new Redis(server.url, { maxRetriesPerRequest: 1, retryStrategy: () => 20 });
  redis.on('error', () => undefined);
  onTestFinished(() => redis.disconnect());
  return redis;
}

const runnerOn = (redis: Redis): LimitRunner =>
  createLimitRunner({ redis, timeoutMs: 5_000, onUnanswered: () => undefined });

describe('without a Redis that answers', () => {
  it('nobody starts, it is counted, and those who wait start when it answers again', async () => {
    const metrics = new Metrics();
    const errors: CatenaError[] = [];
    const onUnanswered = (error: CatenaError) => void errors.push(error);
    const { limiter, breakers } = open({ redis: client(), commandTimeoutMs: 300, metrics, onUnanswered });
    (await limiter.acquire('before', never)).release();
    await server.halt('SIGKILL');
    let started = false;
    const waiting = limiter.acquire('a', never).then(() => {
      started = true;
    });
    await expect(breakers.acquire('b', POLICY)).rejects.toMatchObject({
      code: 'limits.unavailable',
      class: 'retryable',
    });
    await vi.waitFor(() => expect(metrics.total(METRICS.limitsUnanswered)).toBeGreaterThan(2));
    expect(errors.length).toBe(metrics.total(METRICS.limitsUnanswered));
    expect([started, limiter.waiting('a'), limiter.tryAcquire('a')]).toEqual([false, 1, undefined]);
    await server.start();
    await waiting;
    expect((await breakers.acquire('b', POLICY)).granted).toBe(true);
  });

  it('a delay that could not be told is told when it answers again', async () => {
    const { limiter } = open({ redis: client(), commandTimeoutMs: 300 });
    await server.halt('SIGKILL');
    limiter.delay('late', Date.now() + 60_000);
    await server.start();
    const other = client();
    await vi.waitFor(
      async () => expect(await other.hget(sharedKeys.rateLimit('late'), 'blocked')).not.toBeNull(),
      5_000,
    );
    const blockedMs = Number(await other.hget(sharedKeys.rateLimit('late'), 'blocked')) - Date.now();
    expect(blockedMs).toBeGreaterThan(50_000);
    expect(blockedMs).toBeLessThanOrEqual(60_000);
  });
});

describe('on the clock of the server', () => {
  it('limits rate, concurrency and breakers', async () => {
    const { limiter, breakers } = open({ defaults: { requestsPerSecond: 100, concurrency: 2 } });
    const startedMs = performance.now();
    for (let at = 0; at < 11; at++) (await limiter.acquire('timed', never)).release();
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(95);
    for (let at = 0; at < 2; at++) {
      const grant = await breakers.acquire('timed', POLICY);
      if (grant.granted) await breakers.report('timed', grant.token, 'failure');
    }
    const refused = await breakers.acquire('timed', POLICY);
    expect(refused).toMatchObject({ granted: false });
    if (!refused.granted) expect(Math.abs(refused.retryAtMs - Date.now() - 60_000)).toBeLessThan(10_000);
    expect(await client().pttl(sharedKeys.breaker('timed'))).toBeGreaterThan(86_400_000);
  });

  it('goes on after the server has forgotten its scripts', async () => {
    const { limiter, breakers } = open();
    await limiter.acquire('scripts', never);
    await client().script('FLUSH');
    expect((await breakers.acquire('scripts', POLICY)).granted).toBe(true);
    await limiter.acquire('other', never);
  });
});

describe('a call that is sent twice', () => {
  it('notes once what is held', async () => {
    const redis = client();
    const options = { runner: runnerOn(redis), leaseMs: 30_000, now: () => '' as const };
    const limits = { requestsPerSecond: 0, concurrency: 3, delayMs: 0, intervalMs: undefined };
    const one = takerOf('twice', { ...options, holder: 'one' });
    for (let time = 0; time < 3; time++) {
      expect(await one({ ...limits, holding: 0, wanted: 2 })).toMatchObject({ granted: 2 });
    }
    const two = takerOf('twice', { ...options, holder: 'two' });
    expect(await two({ ...limits, holding: 0, wanted: 3 })).toMatchObject({ granted: 1 });
  });

  it('gives the trial to whom it was given, and opens once', async () => {
    const runner = runnerOn(client());
    const key = sharedKeys.breaker('twice');
    const report = () => runner.run(reportScript, key, [1_000, 0, 'nonce', 1, 500, 'failure', 60_000]);
    const first = await report();
    expect([first.code, await report()]).toEqual([reportScript.codes.OPENED, first]);
    const trial = () => runner.run(acquireScript, key, [1_500, 'mine', 500, 500, 60_000]);
    const granted = await trial();
    expect([granted.code, await trial()]).toEqual([acquireScript.codes.GRANTED, granted]);
  });
});

it('a key that holds something else is an error, and nothing is written', async () => {
  const redis = client();
  await redis.set(sharedKeys.rateLimit('taken'), 'text');
  await redis.set(sharedKeys.breaker('taken'), 'text');
  const runner = runnerOn(redis);
  const take = [0, 'one', 0, 1, 0, 0, 30_000, 0, '', 60_000];
  await expect(runner.run(takeScript, sharedKeys.rateLimit('taken'), take)).rejects.toMatchObject({
    code: 'limits.unavailable',
  });
  await expect(open().breakers.acquire('taken', POLICY)).rejects.toMatchObject({ code: 'limits.unavailable' });
  expect(await redis.mget(sharedKeys.rateLimit('taken'), sharedKeys.breaker('taken'))).toEqual(['text', 'text']);
});
