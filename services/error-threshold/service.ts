import type { DecideOutcome } from '../../libs/coordination/protocol/errors.ts';
import { DecideCode } from '../../libs/coordination/protocol/errors.ts';
import type { Coordinator } from '../../libs/coordination/protocol/port.ts';
import { StageRunner } from '../../libs/stage/execution/runner.ts';
import type { LoadedRun } from '../../libs/stage/run/runs.ts';
import { METRICS } from '../../libs/telemetry/metric-names.ts';
import type { Metrics } from '../../libs/telemetry/metrics.ts';
import type { ErrorThresholdDeps } from './deps.ts';
import { handle } from './handle.ts';

export type ErrorThresholdRunner = StageRunner<'error-threshold'>;

/** The error-threshold stage: decides about failures. */
export function createErrorThreshold(deps: ErrorThresholdDeps): ErrorThresholdRunner {
  const { config, bus, publisher } = deps;
  return new StageRunner<'error-threshold'>({
    stage: 'error-threshold',
    bus,
    publisher,
    concurrency: config.errorTaskConcurrency,
    handle: (message) => handle(deps, message),
    retryDelayMs: config.backpressureRetryDelayMs,
    onError: (error) => deps.log.error('error-threshold could not handle a failure', { error }),
  });
}

/** Whether a task, or one of its modules, was ended before it began: the reason, or undefined when it may run. */
export async function preCheck(coordinator: Pick<Coordinator, 'findRun'>, run: LoadedRun): Promise<string | undefined> {
  const snapshot = await coordinator.findRun(run.task.runId);
  if (snapshot === undefined) return undefined;
  if (snapshot.mark !== '') return snapshot.reason;
  return snapshot.modules.find((module) => module.state === 'terminated')?.reason;
}

/** Counts decisions by name; a repeated one counts once. */
export function decisionCounter(metrics: Metrics): (decision: DecideOutcome) => void {
  const retried = metrics.counter(METRICS.errorTaskRetry).with({});
  const fellBack = metrics.counter(METRICS.fallbackGateHit).with({});
  const blocked = metrics.counter(METRICS.fallbackGateBlock).with({});
  const module = metrics.counter(METRICS.errorTaskTerminated).with({ scope: 'module' });
  const task = metrics.counter(METRICS.errorTaskTerminated).with({ scope: 'task' });
  const dead = metrics.counter(METRICS.deadLetters).with({ reason: 'failed' });
  return ({ code, action, repeated, gateTaken }) => {
    if (repeated) return;
    if (gateTaken) blocked.add();
    if (action === 'retry') retried.add();
    if (action === 'fallback') fellBack.add();
    if (action === 'dead') dead.add();
    if (code === DecideCode.TERMINATE_MODULE) module.add();
    if (code === DecideCode.TERMINATE_TASK) task.add();
  };
}
