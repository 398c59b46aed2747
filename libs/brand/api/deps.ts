import type { RoutePorts } from '../../extension/extension.ts';
import type { ConsistencyMonitor } from '../consistency/monitor.ts';

type Ports = Pick<
  RoutePorts,
  'store' | 'coordinator' | 'modules' | 'submit' | 'account' | 'platform' | 'submissionsPerMinute'
>;

/** What the routes of brand diagnosis stand on; the same in both modes. Models' keys stand in the login of the account. */
export interface DiagnosisApiDeps extends Ports {
  /** Names of the models that may be asked. Throws what is wrong with their registry. */
  readonly models: () => readonly string[];
  /** How often a run that somebody waits for is looked at, in milliseconds. */
  readonly pollIntervalMs: number;
  /** Checks what is answered about statuses, and repairs it. */
  readonly consistency: Pick<ConsistencyMonitor, 'check'>;
}
