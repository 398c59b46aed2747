import { Redis } from 'ioredis';
import { ManualClock } from '../../libs/clock/clock.ts';
import { defaultPolicy } from '../../libs/coordination/protocol/policy.ts';
import { openRedisCoordinator } from '../../libs/coordination/redis/index.ts';
import { DISTRIBUTED_SHARDS } from '../../libs/keys/keys.ts';
import { type RedisServer, startRedisServer } from '../fixtures/servers/redis-server.ts';
import type { OpenCoordinator } from './coordinator.ts';

/** Databases of the server: each harness has one to itself, and several are open at once. */
const DATABASES = 256;

/** A Redis that keeps nothing, with room for many harnesses. */
export function startConformanceRedis(): Promise<RedisServer> {
  return startRedisServer({ args: ['--databases', String(DATABASES)] });
}

/** Opens Redis coordinators on a server, each on a clock and a database of its own. */
export function redisHarnesses(port: () => number): OpenCoordinator {
  let opened = 0;
  return async (windows) => {
    const policy = { ...defaultPolicy, ...windows };
    const clock = new ManualClock(1_700_000_000_000);
    const redis = new Redis({ host: '127.0.0.1', port: port(), db: opened % DATABASES });
    opened += 1;
    const options = { redis, shards: DISTRIBUTED_SHARDS, policy, incarnation: 1 };
    const coordinator = await openRedisCoordinator({ ...options, now: () => clock.now() });
    return {
      coordinator,
      policy,
      shards: DISTRIBUTED_SHARDS,
      now: () => clock.now(),
      advance: async (ms) => clock.advance(ms),
      close: async () => {
        await coordinator.close();
        await redis.flushdb();
        redis.disconnect();
      },
    };
  };
}
