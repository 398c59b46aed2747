import { METRICS } from '../../../libs/telemetry/metric-names.ts';
import { defineFault } from './fault.ts';

/** The replica of Redis is promoted, in step or without the writes of the last `losesMs`. */
export const redisFailover = defineFault<'redis_failover', { readonly losesMs: number }>({
  kind: 'redis_failover',
  perRound: 2,
  draw: ({ dice }, nth) => ({ losesMs: nth === 0 ? 0 : dice.between(1_200, 2_500) }),
  strike: ({ servers, onEffect }, { losesMs }) =>
    servers.redis.alone(async () => {
      await servers.redis.failover({ losesMs, onKilled: () => onEffect('any') });
      return `a replica of Redis was promoted, ${losesMs === 0 ? 'in step' : `without the last ${losesMs} ms`}`;
    }),
  seen: ({ done, sampler }) => ({
    'failovers of Redis that lost nothing': done.filter(({ losesMs }) => losesMs === 0).length,
    'failovers of Redis that lost writes': done.filter(({ losesMs }) => losesMs > 0).length,
    'losses that were noticed': sampler.total(METRICS.stateLost),
    'audits of all open runs': sampler.total(METRICS.audits),
  }),
});
