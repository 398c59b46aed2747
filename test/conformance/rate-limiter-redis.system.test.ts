import { afterAll, beforeAll } from 'vitest';
import { type RedisServer, startRedisServer } from '../fixtures/servers/redis-server.ts';
import { describeLimiter } from './rate-limiter.ts';
import { openSharedHarness } from './rate-limiter-shared.ts';

let server: RedisServer;
beforeAll(async () => {
  server = await startRedisServer();
});
afterAll(() => server?.stop());

describeLimiter('over processes, in Redis', () => openSharedHarness(server.url));
