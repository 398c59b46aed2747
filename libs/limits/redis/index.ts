/** Limits, circuit breakers, budgets and cookies in Redis, shared by all processes of a deployment. */
import { randomUUID } from 'node:crypto';
import { type Clock, systemClock } from '../../clock/clock.ts';
import { systemTimers, type Timers } from '../../concurrency/timers.ts';
import { type RedisSource, redisClientFor } from '../../coordination/redis/connection/source.ts';
import type { CatenaError } from '../../errors/catena-error.ts';
import { METRICS } from '../../telemetry/metric-names.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import type { Breakers } from '../breakers.ts';
import type { Budgets } from '../budgets.ts';
import type { CookieStore } from '../cookies.ts';
import type { LimitsByKey } from '../limiter.ts';
import { createRedisBreakers } from './breakers.ts';
import { createRedisBudgets } from './budgets.ts';
import { createRedisCookies } from './cookies.ts';
import { RedisLimiter } from './limiter.ts';
import { createLimitRunner } from './runner.ts';

const DEFAULT_LEASE_MS = 30_000;
const COMMAND_TIMEOUT_MS = 5_000;

export interface RedisLimitsOptions extends LimitsByKey {
  readonly redis: RedisSource;
  /** Permits of a process that is silent for this long are released; default 30 s. */
  readonly leaseMs?: number;
  /** How long a call waits for Redis; default 5 s. */
  readonly commandTimeoutMs?: number;
  /** Called for each call that Redis did not answer; nothing starts then. */
  readonly onUnanswered?: (error: CatenaError) => void;
  /** Metrics that count those calls, and each command that failed. */
  readonly metrics?: Metrics;
  readonly clock?: Clock;
  readonly timers?: Timers;
  /** Unix milliseconds instead of the server's clock; only for tests. */
  readonly now?: () => number;
}

export interface RedisLimits {
  readonly limiter: RedisLimiter;
  readonly breakers: Breakers;
  readonly budgets: Budgets;
  readonly cookies: CookieStore;
  /** Releases all permits, and closes the connection if it was opened here. Idempotent. */
  close(): Promise<void>;
}

export function openRedisLimits(options: RedisLimitsOptions): RedisLimits {
  const { clock = systemClock, timers = systemTimers, leaseMs = DEFAULT_LEASE_MS } = options;
  const timeoutMs = options.commandTimeoutMs ?? COMMAND_TIMEOUT_MS;
  const { redis, close } = redisClientFor(options.redis, { timeoutMs });
  const unanswered = options.metrics?.counter(METRICS.limitsUnanswered).with({});
  const failed = [
    options.metrics?.counter(METRICS.redisError).with({}),
    options.metrics?.counter(METRICS.backendErrors).with({ backend: 'redis' }),
  ];
  const onFailure = (): void => {
    for (const counter of failed) counter?.add();
  };
  const onUnanswered = (error: CatenaError): void => {
    unanswered?.add();
    options.onUnanswered?.(error);
  };
  const runner = createLimitRunner({ redis, timeoutMs, onUnanswered, onFailure });
  const now = options.now ?? (() => '' as const);
  const { defaults, overrides = {} } = options;
  const holder = randomUUID();
  const limiter = new RedisLimiter({ defaults, overrides, clock, timers, runner, holder, leaseMs, now });
  return {
    limiter,
    breakers: createRedisBreakers({ runner, now }),
    budgets: createRedisBudgets(runner),
    cookies: createRedisCookies(runner),
    close: async () => {
      await limiter.close();
      close();
    },
  };
}
