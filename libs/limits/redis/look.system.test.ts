/** What is seen of a limit that other processes keep busy. */
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from 'vitest';
import { type RedisServer, startRedisServer } from '../../../test/fixtures/servers/redis-server.ts';
import type { KeyLimits } from '../limiter.ts';
import { openRedisLimits, type RedisLimits } from './index.ts';

let server: RedisServer;
beforeAll(async () => {
  server = await startRedisServer();
});
afterAll(() => server?.stop());

const PATIENT = { timeout: 60_000 };
const never = new AbortController().signal;

function open(defaults: Partial<KeyLimits> = {}): RedisLimits {
  const limits = openRedisLimits({
    redis: server.url,
    defaults: { requestsPerSecond: 0, concurrency: 0, ...defaults },
  });
  onTestFinished(() => limits.close());
  return limits;
}

it('is who waits and what is under way in all of them', async () => {
  const [one, other, looker] = [open({ concurrency: 1 }), open({ concurrency: 1 }), open({ concurrency: 1 })];
  const permit = await one.limiter.acquire('busy', never);
  void other.limiter.acquire('busy', never);
  await vi.waitFor(
    async () =>
      expect(await looker.limiter.look(['busy', 'idle'])).toEqual([
        { key: 'busy', waiting: 1, inFlight: 1, nextAtMs: undefined },
      ]),
    PATIENT,
  );
  expect(looker.limiter.snapshot()).toEqual([]);
  permit.release();
});

it('is when the next may start, by its rate or a delay', async () => {
  const [one, looker] = [open({ requestsPerSecond: 0.1 }), open({ requestsPerSecond: 0.1 })];
  (await one.limiter.acquire('slow', never)).release();
  one.limiter.delay('late', Date.now() + 60_000);
  await vi.waitFor(async () => {
    const [slow, late] = await looker.limiter.look(['slow', 'late']);
    expect(slow!.nextAtMs! - Date.now()).toBeGreaterThan(5_000);
    expect(slow!.nextAtMs! - Date.now()).toBeLessThanOrEqual(10_000);
    expect(late!.nextAtMs! - Date.now()).toBeGreaterThan(50_000);
  }, PATIENT);
});

it('changes nothing', async () => {
  const { limiter } = open({ requestsPerSecond: 1_000, concurrency: 1 });
  const permits = async () => {
    const permit = await limiter.acquire('looked-at', never);
    await limiter.look(['looked-at']);
    permit.release();
  };
  for (let start = 0; start < 5; start++) await permits();
  expect((await limiter.look(['looked-at']))[0]?.waiting ?? 0).toBe(0);
});
