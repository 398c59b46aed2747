import { setTimeout as delay } from 'node:timers/promises';
import { METRICS } from '../../../libs/telemetry/metric-names.ts';
import { unreplicatedMarker } from '../../fixtures/unreplicated-marker.ts';
import { defineFault } from './fault.ts';

/** The replica of Redis is promoted, in step or without the writes of the last `losesMs`, and of longer until a marker is among them. */
export const redisFailover = defineFault<'redis_failover', { readonly losesMs: number }>({
  kind: 'redis_failover',
  perRound: 2,
  draw: ({ dice }, nth) => ({ losesMs: nth === 0 ? 0 : dice.between(1_200, 2_500) }),
  strike: ({ servers, onEffect }, { losesMs }) =>
    servers.redis.alone(async () => {
      const onKilled = () => onEffect('any');
      if (losesMs === 0) {
        await servers.redis.failover({ onKilled });
        return 'a replica of Redis was promoted, in step';
      }
      const cutMs = performance.now();
      let lostMs = 0;
      await servers.redis.failover({
        whileCut: async (replica) => {
          await Promise.all([delay(losesMs), unreplicatedMarker(replica, servers.databaseUrl)]);
          lostMs = Math.round(performance.now() - cutMs);
        },
        onKilled,
      });
      return `a replica of Redis was promoted, without the last ${lostMs} ms`;
    }),
  seen: ({ done, sampler }) => ({
    'failovers of Redis that lost nothing': done.filter(({ losesMs }) => losesMs === 0).length,
    'failovers of Redis that lost writes': done.filter(({ losesMs }) => losesMs > 0).length,
    'losses that were noticed': sampler.total(METRICS.stateLost),
    'audits of all open runs': sampler.total(METRICS.audits),
  }),
});
