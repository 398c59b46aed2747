import type { Bus } from '../../libs/bus/port.ts';
import type { ExecutionDeps } from '../../libs/stage/execution/execute-node.ts';
import type { Dispatch } from '../../libs/stage/messages/dispatch.ts';
import type { LoadedRun } from '../../libs/stage/run/runs.ts';

/** What the ingress stage works with. */
export interface IngressDeps {
  readonly config: IngressConfig;
  readonly execution: ExecutionDeps;
  readonly bus: Bus;
  /** Why a task may not run, if a threshold or an operator ended it; asked at submission. */
  readonly preCheck: (run: LoadedRun) => Promise<string | undefined>;
  /** The module-processor. */
  readonly dispatch: (dispatch: Dispatch) => Promise<void>;
  /** Writes the end of a run that cannot be executed. */
  readonly rejectRun: (runId: string, detail: string) => Promise<void>;
  readonly counters: IngressCounters;
}

export interface IngressCounters {
  taken(kind: 'task' | 'parser_task' | 'error_task'): void;
  failed(kind: 'task' | 'parser_task' | 'error_task'): void;
}

/** What ingress reads of the configuration. */
export interface IngressConfig {
  /** Inputs in work at once. */
  readonly taskConcurrency: number;
  readonly backpressureRetryDelayMs: number;
}
