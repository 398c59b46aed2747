/** SQLite and a real Redis side by side, on one clock; the Redis serves one pair after the other. */
import type { Cluster, Redis } from 'ioredis';
import { ManualClock } from '../../../libs/clock/clock.ts';
import { type CoordinatorPolicy, defaultPolicy } from '../../../libs/coordination/protocol/policy.ts';
import { openRedisCoordinator, type RedisCoordinator } from '../../../libs/coordination/redis/index.ts';
import { openSqliteCoordinator } from '../../../libs/coordination/sqlite/index.ts';
import { DISTRIBUTED_SHARDS, shardOf } from '../../../libs/keys/keys.ts';
import { SqliteDatabase } from '../../../libs/sqlite/database.ts';
import { flushAll, keysWith } from '../../redis/keyspace.ts';
import type { OpenPair } from './property.ts';

const SHARDS = DISTRIBUTED_SHARDS;
const COMMAND_TIMEOUT_MS = 60_000;

/** Opens pairs, one at a time, for as long as the connection lasts. The Redis is emptied. */
export async function redisPairs(redis: Redis | Cluster): Promise<OpenPair> {
  // What others left behind would stand due.
  await flushAll(redis);
  let clock = new ManualClock();
  const coordinators = new Map<string, Promise<RedisCoordinator>>();
  const openRedis = (policy: CoordinatorPolicy): Promise<RedisCoordinator> =>
    openRedisCoordinator({
      redis,
      shards: SHARDS,
      policy,
      incarnation: 1,
      now: () => clock.now(),
      // A busy machine is no difference.
      commandTimeoutMs: COMMAND_TIMEOUT_MS,
    });
  return async (runId, windows) => {
    clock = new ManualClock();
    const policy = { ...defaultPolicy, ...windows };
    const key = JSON.stringify(windows);
    if (!coordinators.has(key)) coordinators.set(key, openRedis(policy));
    const coordinator = await coordinators.get(key)!;
    const db = new SqliteDatabase({ path: ':memory:' });
    const shard = shardOf(runId, SHARDS);
    let isClean = false;
    return {
      left: { coordinator: openSqliteCoordinator({ db, clock, policy }), shard: 0 },
      right: { coordinator, shard },
      now: () => clock.now(),
      advance: (ms) => clock.advance(ms),
      finish: async (eventIds) => {
        await expectPublished(coordinator, shard, eventIds);
        const left = await keysWith(redis, runId);
        if (left.length > 0) throw new Error(`I9 keys of a purged run are left: ${left.join(', ')}`);
        isClean = true;
      },
      close: async () => {
        db.close();
        // What a failed scenario leaves behind must not stand due in the next one.
        if (!isClean) await flushAll(redis);
      },
    };
  };
}

/** The outbox has held each event of the timeline once; afterwards it is empty. */
async function expectPublished(coordinator: RedisCoordinator, shard: number, eventIds: readonly string[]) {
  const ids: string[] = [];
  for (;;) {
    const taken = await coordinator.takeEvents({ shard, limit: 100 });
    if (taken.length === 0) break;
    ids.push(...taken.map(({ event }) => event.id));
    await coordinator.trimEvents({ shard, entries: taken.map(({ entry }) => entry) });
  }
  if (ids.join() !== eventIds.join()) {
    throw new Error(`the outbox held other events than the timeline:\n  ${ids.join()}\n  ${eventIds.join()}`);
  }
}
