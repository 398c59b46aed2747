import type { Bus } from '../../libs/bus/port.ts';
import type { ExecutionDeps } from '../../libs/stage/execution/execute-node.ts';
import type { Dispatch } from '../../libs/stage/messages/dispatch.ts';
import type { LoadedRun } from '../../libs/stage/run/runs.ts';
import type { Refusal } from '../../libs/stage/run/tasks.ts';

/** Dependencies of the ingress stage. */
export interface IngressDeps {
  readonly config: IngressConfig;
  readonly execution: ExecutionDeps;
  readonly bus: Bus;
  /** Returns why a task may not run, if a threshold or an operator ended it or it cools down; called when its run is to be opened. */
  readonly preCheck: (run: LoadedRun) => Promise<Refusal | undefined>;
  /** Calls the module-processor. */
  readonly dispatch: (dispatch: Dispatch) => Promise<void>;
  /** Records the end of a run that cannot be executed. */
  readonly rejectRun: (runId: string, detail: string) => Promise<void>;
  readonly counters: IngressCounters;
}

export interface IngressCounters {
  taken(kind: 'task' | 'parser_task' | 'error_task'): void;
  failed(kind: 'task' | 'parser_task' | 'error_task'): void;
}

/** Settings of ingress. */
export interface IngressConfig {
  /** Inputs handled at the same time. */
  readonly taskConcurrency: number;
  readonly backpressureRetryDelayMs: number;
}
