/** Redis coordinators on a server of the test's own, with a clock that only the test moves. */
import { Cluster, Redis } from 'ioredis';
import { ManualClock } from '../../libs/clock/clock.ts';
import { defaultPolicy } from '../../libs/coordination/protocol/policy.ts';
import { openRedisCoordinator, type RedisCoordinator } from '../../libs/coordination/redis/index.ts';
import { DISTRIBUTED_SHARDS } from '../../libs/keys/keys.ts';
import type { CoordinatorHarness } from '../conformance/coordinator.ts';

export interface RedisHarness extends CoordinatorHarness {
  readonly coordinator: RedisCoordinator;
  readonly clock: ManualClock;
  /** Another process: a coordinator on a connection of its own, on the same clock. */
  another(): Promise<RedisCoordinator>;
}

export interface HarnessOptions {
  readonly onScript?: (script: string, code: number) => void;
}

export function connectTo(port: number): Redis {
  const redis = new Redis({ host: '127.0.0.1', port });
  // A lost connection is told by the calls that met it.
  redis.on('error', () => undefined);
  return redis;
}

export const connectToCluster = (ports: readonly number[]): Cluster =>
  new Cluster(ports.map((port) => ({ host: '127.0.0.1', port })));

/** A harness whose connections `connection` opens; what they hold is the caller's to flush. */
export async function openRedisHarness(
  connection: () => Redis | Cluster,
  { onScript }: HarnessOptions = {},
): Promise<RedisHarness> {
  const clock = new ManualClock();
  const opened: (() => Promise<void>)[] = [];
  const another = async (): Promise<RedisCoordinator> => {
    const redis = connection();
    const coordinator = await openRedisCoordinator({
      redis,
      shards: DISTRIBUTED_SHARDS,
      policy: defaultPolicy,
      incarnation: 1,
      now: () => clock.now(),
      ...(onScript === undefined ? {} : { onScript }),
    });
    opened.push(async () => {
      await coordinator.close();
      redis.disconnect();
    });
    return coordinator;
  };
  return {
    coordinator: await another(),
    clock,
    another,
    policy: defaultPolicy,
    shards: DISTRIBUTED_SHARDS,
    now: () => clock.now(),
    advance: async (ms) => clock.advance(ms),
    close: async () => void (await Promise.all(opened.map((close) => close()))),
  };
}
