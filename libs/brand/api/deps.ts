import type { RoutePorts } from '../../extension/extension.ts';
import type { ConsistencyMonitor } from '../consistency/monitor.ts';

type Ports = Pick<
  RoutePorts,
  'store' | 'coordinator' | 'modules' | 'submit' | 'account' | 'platform' | 'submissionsPerMinute'
>;

/** The dependencies of the routes of brand diagnosis; the same in both modes. Models' keys are in the login of the account. */
export interface DiagnosisApiDeps extends Ports {
  /** Names of the configured models. Throws if their registry is invalid. */
  readonly models: () => readonly string[];
  /** How often a run is read while a client waits for it, in milliseconds. */
  readonly pollIntervalMs: number;
  /** Checks and repairs status responses. */
  readonly consistency: Pick<ConsistencyMonitor, 'check'>;
}
