import { systemClock } from '../../clock/clock.ts';
import { createLog } from '../../telemetry/log.ts';
import { type ConsistencyMonitor, createConsistencyMonitor } from './monitor.ts';

let standing: ConsistencyMonitor | undefined;

/** The default monitor of this process: it uses the system's clock and logs to standard error. */
export function defaultConsistencyMonitor(): ConsistencyMonitor {
  const log = () => createLog({ level: 'info', format: 'auto', runtimeMode: 'single_node' });
  standing ??= createConsistencyMonitor({ clock: systemClock, log: log() });
  return standing;
}
