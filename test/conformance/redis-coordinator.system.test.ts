import { afterAll, beforeAll } from 'vitest';
import type { RedisServer } from '../fixtures/servers/redis-server.ts';
import { describeCoordinator } from './coordinator.ts';
import { redisHarnesses, startConformanceRedis } from './redis-harness.ts';

let server: RedisServer;
beforeAll(async () => {
  server = await startConformanceRedis();
});
afterAll(() => server?.stop());

describeCoordinator(
  'Redis',
  redisHarnesses(() => server.port),
);
