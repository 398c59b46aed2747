/** Several processes' worth of limiters on one Redis, under one clock that only the test moves. */
import { Redis } from 'ioredis';
import { ManualClock } from '../../libs/clock/clock.ts';
import { ManualTimers } from '../../libs/concurrency/timers.ts';
import type { KeyLimits } from '../../libs/limits/limiter.ts';
import { openRedisLimits, type RedisLimits } from '../../libs/limits/redis/index.ts';
import type { LimiterHarness } from './rate-limiter.ts';

export interface SharedHarness extends LimiterHarness {
  readonly redis: Redis;
  /** One more process. */
  process(defaults: KeyLimits, overrides?: Readonly<Record<string, Partial<KeyLimits>>>): RedisLimits;
  /** From now on its timers do not fire: it is stopped, or dead. */
  kill(process: RedisLimits): void;
  /** Calls that limiters have made to Redis so far. */
  calls(): Promise<number>;
}

export async function openSharedHarness(url: string): Promise<SharedHarness> {
  const clock = new ManualClock();
  const redis = new Redis(url);
  await redis.flushdb();
  const processes: { readonly limits: RedisLimits; readonly timers: ManualTimers; readonly client: Redis }[] = [];
  const alive = () => processes.map(({ timers }) => timers);
  const quiet = async () => {
    for (let turn = 0; turn < 3; turn++) {
      for (const { limits } of processes) await limits.limiter.quiet();
      await Promise.resolve();
    }
  };
  const process: SharedHarness['process'] = (defaults, overrides = {}) => {
    const client = new Redis(url);
    const timers = new ManualTimers(clock);
    const limits = openRedisLimits({ redis: client, defaults, overrides, clock, timers, now: () => clock.now() });
    processes.push({ limits, timers, client });
    return limits;
  };
  return {
    redis,
    process,
    open: (defaults, overrides) => process(defaults, overrides).limiter,
    now: () => clock.now(),
    async advance(ms) {
      const untilMs = clock.now() + ms;
      for (;;) {
        await quiet();
        const [next] = alive()
          .filter(({ nextAtMs }) => nextAtMs !== undefined && nextAtMs <= untilMs)
          .sort((one, other) => one.nextAtMs! - other.nextAtMs!);
        if (next === undefined) break;
        await next.advance(Math.max(0, next.nextAtMs! - clock.now()));
      }
      clock.advance(untilMs - clock.now());
      await quiet();
    },
    kill(dead) {
      const at = processes.findIndex(({ limits }) => limits === dead);
      processes.splice(at, 1)[0]?.client.disconnect();
    },
    calls: async () => Number(/cmdstat_evalsha:calls=(\d+)/.exec(await redis.info('commandstats'))?.[1] ?? 0),
    async close() {
      for (const { limits } of processes) await limits.close();
      for (const { client } of processes) client.disconnect();
      redis.disconnect();
    },
  };
}
