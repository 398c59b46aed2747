import { METRICS } from '../telemetry/metric-names.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Breakers } from './breakers.ts';

/** Counts openings and refusals of breakers, and shows how many are open, as far as this process knows. */
export function meterBreakers(breakers: Breakers, metrics: Metrics): Breakers {
  const open = new Set<string>();
  const opened = metrics.counter(METRICS.breakersOpened).with({});
  const refused = metrics.counter(METRICS.breakersRefused).with({});
  metrics.gauge(METRICS.breakersOpen).sample({}, () => open.size);
  return {
    ...breakers,
    async acquire(key, policy) {
      const grant = await breakers.acquire(key, policy);
      if (!grant.granted) {
        open.add(key);
        refused.add();
      } else {
        open.delete(key);
      }
      return grant;
    },
    async report(key, token, outcome) {
      const transition = await breakers.report(key, token, outcome);
      if (transition?.kind === 'opened') {
        open.add(key);
        opened.add();
      } else if (transition?.kind === 'closed') {
        open.delete(key);
      }
      return transition;
    },
    async reset(key) {
      const transition = await breakers.reset(key);
      open.delete(key);
      return transition;
    },
  };
}
