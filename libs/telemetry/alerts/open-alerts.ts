import { hostname } from 'node:os';
import type { Clock } from '../../clock/clock.ts';
import type { Config } from '../../config/config-tree.ts';
import type { Log } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import { AlertChannel } from './alert-channel.ts';

export interface AlertGround {
  readonly config: Pick<Config, 'alerts'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** The channel that the configuration names; undefined when it names none. */
export function openAlerts({ config, clock, log, metrics }: AlertGround): AlertChannel | undefined {
  const { webhook, format, secret } = config.alerts;
  if (webhook === undefined) return undefined;
  return new AlertChannel({ webhook, format, secret, source: hostname(), clock, log, metrics });
}
