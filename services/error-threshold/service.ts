import type { DecideOutcome } from '../../libs/coordination/protocol/errors.ts';
import { DecideCode } from '../../libs/coordination/protocol/errors.ts';
import type { Coordinator } from '../../libs/coordination/protocol/port.ts';
import { StageRunner } from '../../libs/stage/execution/runner.ts';
import type { Refusal, RunOfTask, Tasks } from '../../libs/stage/run/tasks.ts';
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

export interface PreCheckDeps {
  readonly coordinator: Pick<Coordinator, 'findRun'>;
  readonly tasks: Pick<Tasks, 'refusal'>;
}

/**
 * Why a run may not begin: it, a module of it or its task was ended before, or its task cools down. Undefined when it may, and for
 * an open run, which a cool-down does not hold up.
 */
export async function preCheck({ coordinator, tasks }: PreCheckDeps, run: RunOfTask): Promise<Refusal | undefined> {
  const snapshot = await coordinator.findRun(run.runId);
  if (snapshot === undefined) return tasks.refusal(run);
  if (snapshot.mark !== '') return { kind: 'terminated', scope: 'task', reason: snapshot.reason };
  const module = snapshot.modules.find(({ state }) => state === 'terminated');
  return module === undefined ? undefined : { kind: 'terminated', scope: 'module', reason: module.reason };
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
