import { Redis } from 'ioredis';
import { afterAll, beforeAll } from 'vitest';
import { openRedisLimits } from '../../libs/limits/redis/index.ts';
import { type RedisServer, startRedisServer } from '../fixtures/servers/redis-server.ts';
import { describeBudgetSequences } from './budget-sequences.ts';
import { type BudgetsHarness, describeBudgets } from './budgets.ts';

let server: RedisServer;
beforeAll(async () => {
  server = await startRedisServer();
});
afterAll(() => server?.stop());

async function open(): Promise<BudgetsHarness> {
  const clients: Redis[] = [];
  const another = () => {
    const redis = new Redis(server.url);
    clients.push(redis);
    return openRedisLimits({ redis, defaults: { requestsPerSecond: 0, concurrency: 0 } }).budgets;
  };
  return {
    budgets: another(),
    another: async () => another(),
    close: async () => {
      await clients[0]!.flushdb();
      for (const client of clients) client.disconnect();
    },
  };
}

describeBudgets('Redis', open);
describeBudgetSequences('Redis', open, 200);
