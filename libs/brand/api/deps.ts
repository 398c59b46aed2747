import type { Coordinator } from '../../coordination/protocol/port.ts';
import type { ModuleCatalogue } from '../../stage/run/describe-module.ts';
import type { TaskSubmission } from '../../stage/run/submit.ts';
import type { NewRun, Store } from '../../store/port.ts';
import type { ConsistencyMonitor } from '../consistency/monitor.ts';

/** What the routes of brand diagnosis stand on; the same in both modes. */
export interface DiagnosisApiDeps {
  readonly store: Pick<Store, 'findRun' | 'listRuns' | 'readItems'>;
  readonly coordinator: Pick<Coordinator, 'findRun'>;
  readonly modules: Pick<ModuleCatalogue, 'resolve'>;
  /** Resolves once the task's run stands in the store. Throws `submit.key_reused`. */
  readonly submit: (task: TaskSubmission) => Promise<NewRun>;
  /** Names of the models that may be asked. Throws what is wrong with their registry. */
  readonly models: () => readonly string[];
  /** In whose name runs are submitted: their models' keys stand in its login. */
  readonly account: string;
  readonly platform: string;
  /** Submissions that one client may make in a minute; 0 is unlimited. */
  readonly submissionsPerMinute: number;
  /** How often a run that somebody waits for is looked at, in milliseconds. */
  readonly pollIntervalMs: number;
  /** Checks what is answered about statuses, and repairs it. */
  readonly consistency: Pick<ConsistencyMonitor, 'check'>;
}
