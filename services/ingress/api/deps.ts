import type { ProcessInfo } from '../../../libs/bus/process-info.ts';
import type { Clock } from '../../../libs/clock/clock.ts';
import type { Coordinator } from '../../../libs/coordination/protocol/port.ts';
import type { BodyMemory } from '../../../libs/limits/body-memory.ts';
import type { Breakers } from '../../../libs/limits/breakers.ts';
import type { Budgets } from '../../../libs/limits/budgets.ts';
import type { KeySnapshot } from '../../../libs/limits/rate-limiter.ts';
import type { Publisher } from '../../../libs/stage/messages/publisher.ts';
import type { ModuleCatalogue } from '../../../libs/stage/run/describe-module.ts';
import type { TaskSubmission } from '../../../libs/stage/run/submit.ts';
import type { Tasks } from '../../../libs/stage/run/tasks.ts';
import type { NewRun, Store } from '../../../libs/store/port.ts';
import type { BackendHealth } from '../../../libs/telemetry/health.ts';
import type { Log } from '../../../libs/telemetry/log.ts';

/** Dependencies of the methods of Ingress. */
export interface IngressApiDeps {
  readonly store: Pick<
    Store,
    | 'findRun'
    | 'listRuns'
    | 'countRuns'
    | 'countItems'
    | 'readItems'
    | 'hasWithdrawnItems'
    | 'listDeadLetters'
    | 'discardDeadLetters'
    | 'markOpen'
    | 'closeRun'
    | 'findTask'
    | 'listTasks'
    | 'liftTask'
    | 'putAccount'
    | 'getAccount'
  >;
  readonly coordinator: Pick<Coordinator, 'findRun' | 'listNodes' | 'listDue' | 'listEvents' | 'runControl' | 'replay'>;
  readonly budgets: Pick<Budgets, 'read'>;
  readonly modules: ModuleCatalogue;
  readonly tasks: Pick<Tasks, 'mark'>;
  /** Resolves when the task's run is in the store. Throws `submit.key_reused`, `submit.task_terminated`, and what an admission throws. */
  readonly submit: (task: TaskSubmission) => Promise<NewRun>;
  /** Ends a run that was accepted but never opened. */
  readonly cancelUnopened: (runId: string) => Promise<void>;
  /** Returns the keys whose rate limit is in use, by any process that shares it. */
  readonly limits: (keys: readonly string[]) => Promise<readonly KeySnapshot[]>;
  readonly breakers: Pick<Breakers, 'list'>;
  /** The memory for bodies of this process; unused if the downloader runs in another one. */
  readonly bodyMemory: Pick<BodyMemory, 'snapshot'>;
  /** Sends the wake-ups of nodes that a replay re-opens. */
  readonly publisher: Pick<Publisher, 'publish'>;
  readonly clock: Clock;
  /** Gets a line for everything that a caller changes. */
  readonly log: Log;
  /** The processes of the deployment, with what they do now; absent when there is only this one. */
  readonly processes?: () => Promise<readonly ProcessInfo[]>;
  /** The backends as they were when this process checked them last; absent when it has none that could be away. */
  readonly backends?: () => readonly BackendHealth[];
  /** How often a watched run is read, in milliseconds. */
  readonly pollIntervalMs: number;
}
