/** Leases are reckoned with the server's clock: a process whose own clock is wrong holds its nodes no longer than others. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ClaimCode } from '../../libs/coordination/protocol/claims.ts';
import { defaultPolicy } from '../../libs/coordination/protocol/policy.ts';
import { openRedisCoordinator, type RedisCoordinator } from '../../libs/coordination/redis/index.ts';
import { DISTRIBUTED_SHARDS } from '../../libs/keys/keys.ts';
import { Cast } from '../conformance/coordinator/scene/plan.ts';
import { type RedisServer, startRedisServer } from '../fixtures/servers/redis-server.ts';
import { connectTo } from './harness.ts';

const HOUR_MS = 3_600_000;
const LEASE_MS = 30_000;
/** More than the calls of a test take. */
const SLACK_MS = 20_000;

let server: RedisServer;
let coordinator: RedisCoordinator;
beforeAll(async () => {
  server = await startRedisServer();
  coordinator = await openRedisCoordinator({
    redis: server.url,
    shards: DISTRIBUTED_SHARDS,
    policy: defaultPolicy,
    incarnation: 1,
  });
});
afterAll(async () => {
  await coordinator?.close();
  await server?.stop();
});

describe('a process whose clock is wrong', () => {
  it.each([-HOUR_MS, HOUR_MS])('by %i ms holds a lease as long as any other', async (skewMs) => {
    const redis = connectTo(server.port);
    const [seconds] = (await redis.time()) as unknown as readonly [number | string];
    redis.disconnect();
    const serverMs = Number(seconds) * 1_000;
    const right = Date.now;
    const skewed = vi.spyOn(Date, 'now').mockImplementation(() => right() + skewMs);
    try {
      const cast = new Cast(`clock-${skewMs}`);
      await coordinator.runOpen({ runId: cast.runId, modules: [cast.plan({}, serverMs)] });
      const node = cast.ref('a');
      const claim = {
        node,
        epoch: 0,
        owner: 'one',
        stage: 'module-processor',
        leaseMs: LEASE_MS,
        alone: false,
      } as const;
      const { code, node: held } = await coordinator.claim(claim);
      expect(code).toBe(ClaimCode.EXECUTE);
      expect(Math.abs(held!.dueAtMs - (serverMs + LEASE_MS))).toBeLessThan(SLACK_MS);
    } finally {
      skewed.mockRestore();
    }
  });
});
