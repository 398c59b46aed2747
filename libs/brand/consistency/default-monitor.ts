import { systemClock } from '../../clock/clock.ts';
import { createLog } from '../../telemetry/log.ts';
import { type ConsistencyMonitor, createConsistencyMonitor } from './monitor.ts';

let standing: ConsistencyMonitor | undefined;

/** The monitor of this process for whoever makes none of its own: on the system's clock, and it logs to standard error. */
export function defaultConsistencyMonitor(): ConsistencyMonitor {
  const log = () => createLog({ level: 'info', format: 'auto', runtimeMode: 'single_node' });
  standing ??= createConsistencyMonitor({ clock: systemClock, log: log() });
  return standing;
}
