import { StageRunner } from '../../libs/stage/execution/runner.ts';
import { METRICS } from '../../libs/telemetry/metric-names.ts';
import type { Metrics } from '../../libs/telemetry/metrics.ts';
import type { IngressCounters, IngressDeps } from './deps.ts';
import { handle } from './handle.ts';

export type IngressRunner = StageRunner<'ingress', never, void>;

/** The ingress stage: one entry for tasks, hops and retries. */
export function createIngress(deps: IngressDeps): IngressRunner {
  const { config, bus, execution } = deps;
  return new StageRunner<'ingress', never, void>({
    stage: 'ingress',
    bus,
    publisher: execution.publisher,
    concurrency: config.taskConcurrency,
    admit: async (message, signal) => (message.kind === 'task' ? undefined : execution.solitude.opened(signal)),
    handle: (message) => handle(deps, message),
    retryDelayMs: config.backpressureRetryDelayMs,
    onError: (error) => execution.log.error('ingress could not handle a message and returned it', { error }),
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
