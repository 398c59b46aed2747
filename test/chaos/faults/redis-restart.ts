import { setTimeout as delay } from 'node:timers/promises';
import { defineFault } from './fault.ts';

/** The primary of Redis is killed and started again; if that takes long, Sentinels promote its replica meanwhile. */
export const redisRestart = defineFault<'redis', { readonly downMs: number }>({
  kind: 'redis',
  perRound: 1,
  draw: ({ dice }) => ({ downMs: dice.between(200, 2_500) }),
  strike: ({ servers, onEffect }, { downMs }) =>
    servers.redis.alone(async () => {
      const primary = await servers.redis.primary();
      await primary.halt('SIGKILL');
      onEffect('any');
      await delay(downMs);
      await primary.start();
      await servers.redis.followed();
      return `killed Redis, started again after ${downMs} ms`;
    }),
  seen: ({ done }) => ({ 'restarts of Redis': done.length }),
});
