import { Redis } from 'ioredis';
import { afterAll, beforeAll } from 'vitest';
import { ManualClock } from '../../libs/clock/clock.ts';
import { openRedisLimits } from '../../libs/limits/redis/index.ts';
import { type RedisServer, startRedisServer } from '../fixtures/servers/redis-server.ts';
import { describeBreakerSequences } from './breaker-sequences.ts';
import { type BreakersHarness, describeBreakers } from './breakers.ts';

let server: RedisServer;
beforeAll(async () => {
  server = await startRedisServer();
});
afterAll(() => server?.stop());

const UNLIMITED = { requestsPerSecond: 0, concurrency: 0 };

async function open(): Promise<BreakersHarness> {
  const clock = new ManualClock();
  const clients: Redis[] = [];
  const another = () => {
    const redis = new Redis(server.url);
    clients.push(redis);
    return openRedisLimits({ redis, defaults: UNLIMITED, now: () => clock.now() }).breakers;
  };
  return {
    breakers: another(),
    another: async () => another(),
    now: () => clock.now(),
    advance: (ms) => clock.advance(ms),
    close: async () => {
      await clients[0]!.flushdb();
      for (const client of clients) client.disconnect();
    },
  };
}

describeBreakers('Redis', open);
describeBreakerSequences('Redis', open, 300);
