/** SQLite and a real Redis, driven by the same generated scenarios: code by code, state by state. */
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RedisServer, startRedisServer } from '../../fixtures/servers/redis-server.ts';
import { connectTo } from '../../redis/harness.ts';
import { Tally } from '../coordinator/generated/tally.ts';
import { EXPECTED_CODES } from './coverage.ts';
import { assertEqualCoordinators } from './property.ts';
import { redisPairs } from './redis-pair.ts';

const SEQUENCES = 300;
const TIMEOUT_MS = 600_000;

let server: RedisServer;
let redis: Redis;
beforeAll(async () => {
  server = await startRedisServer();
  redis = connectTo(server.port);
});
afterAll(async () => {
  redis?.disconnect();
  await server?.stop();
});

describe('the SQLite and the Redis coordinator', () => {
  it(
    `are one in ${SEQUENCES} generated scenarios`,
    async () => {
      const tally = new Tally();
      await assertEqualCoordinators({ open: await redisPairs(redis), sequences: SEQUENCES, seed: 1, tally });
      expect(tally.missing(EXPECTED_CODES), 'never answered').toEqual([]);
    },
    TIMEOUT_MS,
  );
});
