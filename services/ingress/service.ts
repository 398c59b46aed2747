import type { Bus } from '../../libs/bus/port.ts';
import type { ExecutionDeps } from '../../libs/stage/execution/execution.ts';
import { StageRunner } from '../../libs/stage/execution/runner.ts';
import type { Dispatch } from '../../libs/stage/messages/dispatch.ts';
import type { Publisher } from '../../libs/stage/messages/publisher.ts';
import type { LoadedRun, Runs } from '../../libs/stage/run/runs.ts';
import { METRICS } from '../../libs/telemetry/metric-names.ts';
import type { Metrics } from '../../libs/telemetry/metrics.ts';
import type { IngressConfig } from './config.ts';
import { handle } from './handle.ts';

export interface IngressDeps extends ExecutionDeps {
  readonly config: IngressConfig;
  readonly bus: Bus;
  readonly publisher: Publisher;
  readonly runs: Runs;
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

export type IngressRunner = StageRunner<'ingress'>;

/** The ingress stage: one entry for tasks, hops and retries. */
export function createIngress(deps: IngressDeps): IngressRunner {
  const { config, bus, publisher } = deps;
  return new StageRunner<'ingress'>({
    stage: 'ingress',
    bus,
    publisher,
    concurrency: config.taskConcurrency,
    handle: (message) => handle(deps, message),
    retryDelayMs: config.backpressureRetryDelayMs,
    onError: (error) => deps.log.error('ingress could not work', { error }),
  });
}

export function ingressCounters(metrics: Metrics): IngressCounters {
  const taken = metrics.counter(METRICS.taskIngress);
  const failed = metrics.counter(METRICS.taskIngressFailed);
  const of = (family: typeof taken | typeof failed) => ({
    task: family.with({ kind: 'task' }),
    parser_task: family.with({ kind: 'parser_task' }),
    error_task: family.with({ kind: 'error_task' }),
  });
  const takenOf = of(taken);
  const failedOf = of(failed);
  return { taken: (kind) => takenOf[kind].add(), failed: (kind) => failedOf[kind].add() };
}
