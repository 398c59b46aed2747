import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { sharedKeys } from '../../libs/keys/keys.ts';
import { openRedisLimits } from '../../libs/limits/redis/index.ts';
import { type RedisServer, startRedisServer } from '../fixtures/servers/redis-server.ts';
import { type CookieStoreHarness, describeCookieStore } from './cookies.ts';

let server: RedisServer;
beforeAll(async () => {
  server = await startRedisServer();
});
afterAll(() => server?.stop());

async function open() {
  const clients: Redis[] = [];
  const another = () => {
    const redis = new Redis(server.url);
    clients.push(redis);
    return openRedisLimits({ redis, defaults: { requestsPerSecond: 0, concurrency: 0 } }).cookies;
  };
  return {
    cookieStore: another(),
    another: async () => another(),
    redis: clients[0]!,
    close: async () => {
      await clients[0]!.flushdb();
      for (const client of clients) client.disconnect();
    },
  } satisfies CookieStoreHarness & { readonly redis: Redis };
}

describeCookieStore('Redis', open);

it('leaves no key behind, not even where nobody sees the end of the run', async () => {
  const { cookieStore, redis, close } = await open();
  await cookieStore.write({ runId: 'r', session: 's' }, new Map([['a', '1']]));
  for (const key of [sharedKeys.cookies('r', 's'), sharedKeys.cookieSessions('r')]) {
    expect(await redis.pttl(key)).toBeGreaterThan(86_400_000);
  }
  await cookieStore.forget('r');
  expect(await redis.keys('*')).toEqual([]);
  await close();
});

it('is an error where its key holds something else, and nothing is said to be kept', async () => {
  const { cookieStore, redis, close } = await open();
  await redis.set(sharedKeys.cookies('r', ''), 'text');
  const writing = cookieStore.write({ runId: 'r', session: '' }, new Map([['a', '1']]));
  await expect(writing).rejects.toMatchObject({ code: 'limits.unavailable', class: 'retryable' });
  await close();
});
