/**
 * Error-threshold: decides about a failed node, once per node and epoch: retry, fall back, end the node, end its module or
 * its task. The policy is computed here; the coordinator counts, compares and acts in one transition.
 */

import { backOffMs } from '../../libs/concurrency/back-off.ts';
import type { Message } from '../../libs/contracts/chain.ts';
import { ErrorClass, type ErrorTaskModel } from '../../libs/contracts/messages.ts';
import {
  DecideCode,
  type DecideCommand,
  type DecideOutcome,
  type Threshold,
} from '../../libs/coordination/protocol/errors.ts';
import { failpoint } from '../../libs/failpoints/failpoint.ts';
import type { RetryPolicy } from '../../libs/modules/contract/definition.ts';
import type { Outcome } from '../../libs/stage/execution/outcome.ts';
import { childMessages } from '../../libs/stage/messages/wake-ups.ts';
import { noteStep } from '../../libs/stage/observe/stage-span.ts';
import type { DecidedFailure } from '../../libs/stage/run/decided-failure.ts';
import { type LoadedRun, moduleOf } from '../../libs/stage/run/runs.ts';
import { isTracing, noteOnSpan } from '../../libs/telemetry/spans.ts';
import type { ErrorThresholdDeps } from './deps.ts';

type ErrorThresholdOutcome = Outcome<'error-threshold'>;

export async function handle(deps: ErrorThresholdDeps, { model }: Message<'error'>): Promise<ErrorThresholdOutcome> {
  const run = await loadRun(deps, model);
  failpoint('decide.before');
  const command = await decideCommand(deps, run, model);
  const decision = await deps.coordinator.thresholdDecide(command);
  failpoint('decide.after');
  deps.count(decision);
  logDecision(deps, model, decision);
  if (!decision.repeated) deps.onFailure?.(decided(model, command, decision));
  // Also for a repeated decision: whoever decided first may have died before this.
  if (decision.code === DecideCode.TERMINATE_TASK) await deps.tasks.tripped(model.task!);
  const messages = run === undefined ? [] : childMessages(decision.wakeUps, run);
  if (isTracing()) noteDecision(run, model, command, decision);
  switch (decision.code) {
    case DecideCode.TERMINATE_MODULE:
      return { kind: 'terminate', scope: 'module', reason: 'threshold', messages };
    case DecideCode.TERMINATE_TASK:
      return { kind: 'terminate', scope: 'task', reason: 'threshold', messages };
    default:
      return { kind: 'next', messages, decision: nameOf(decision) };
  }
}

/** The decision as spans name it. */
function nameOf({ action }: DecideOutcome): string {
  return action === 'dead' ? 'give_up' : action;
}

/** What the span of a decision says beside its name. */
function noteDecision(
  run: LoadedRun | undefined,
  { context, error, attempts }: ErrorTaskModel,
  { maxAttempts, retryDelayMs: delayMs }: DecideCommand,
  { action, repeated, gateTaken }: DecideOutcome,
): void {
  noteStep('error-threshold', run, context!);
  noteOnSpan({
    ...{ attempt: attempts, max_attempts: maxAttempts, repeated, fallback_gate_taken: gateTaken },
    ...(error === undefined ? {} : { failure_code: error.code }),
    ...(action === 'retry' ? { delay_ms: delayMs } : {}),
  });
}

function logDecision(
  { log }: ErrorThresholdDeps,
  { id, isRequest, task, context, prefixRequest, attempts, error }: ErrorTaskModel,
  { action, repeated }: DecideOutcome,
): void {
  if (log.isDebug === false) return;
  const { moduleId, stepIdx, epoch } = context!;
  log.debug('a failure was decided', {
    ...{ run_id: task!.runId, task_id: task!.taskId, module_id: moduleId, step_idx: stepIdx, epoch },
    ...(isRequest ? { request_id: id } : { hop_id: id }),
    ...{ prefix_request: prefixRequest, attempts, code: error?.code, decision: action, repeated },
  });
}

function decided(
  { task, context, error, attempts }: ErrorTaskModel,
  { retryDelayMs: retryInMs }: DecideCommand,
  { action }: DecideOutcome,
): DecidedFailure {
  const { code = 'unknown', message = '' } = error ?? {};
  return { runId: task!.runId, stepIdx: context!.stepIdx, code, message, action, attempts, retryInMs };
}

/** The policy of the node's step; when the run cannot be loaded, the configuration's. */
async function loadRun(deps: ErrorThresholdDeps, model: ErrorTaskModel): Promise<LoadedRun | undefined> {
  try {
    const run = await deps.runs.load(model.task!.runId);
    moduleOf(run, model.context!.moduleId);
    return run;
  } catch (error) {
    deps.log.warn('error-threshold could not load a run; it decides by the configured policy', {
      run_id: model.task!.runId,
      error,
    });
    return undefined;
  }
}

/**
 * Failures that say nothing about the rest of a run: the run's own cap refused the request, or a redirect would have waited too
 * long for its host.
 */
const OF_OUR_OWN = new Set(['budget.exhausted', 'limits.wait_too_long']);

/** A threshold that no number of errors reaches. */
const NEVER: Threshold = { errors: Number.MAX_SAFE_INTEGER };

async function decideCommand(
  deps: ErrorThresholdDeps,
  run: LoadedRun | undefined,
  model: ErrorTaskModel,
): Promise<DecideCommand> {
  const { config } = deps;
  const { moduleId, phase, epoch, stepIdx } = model.context!;
  const { runId } = model.task!;
  const { error } = model;
  const policy = run?.modules.get(moduleId)?.definition.steps[stepIdx]?.policy;
  const retry = { ...config.retry, ...policy?.retry };
  const fatal = error?.class === ErrorClass.FATAL;
  const isOurOwn = error !== undefined && OF_OUR_OWN.has(error.code);
  const mayFallBack = !model.isRequest && model.prefixRequest !== '' && policy?.fallback !== false;
  return {
    node: { id: model.id, runId, moduleId, phase },
    epoch,
    fatal,
    maxAttempts: retry.attempts,
    retryDelayMs: retryDelayMs(retry, model.attempts, error?.retryAfterMs ?? 0, deps.random),
    moduleThreshold: isOurOwn ? NEVER : config.moduleThreshold,
    taskThreshold: isOurOwn ? NEVER : config.taskThreshold,
    ...(isOurOwn ? {} : await countsBeside(deps, model)),
    ...(config.cooldownMs > 0 && !isOurOwn
      ? { cooldown: { errors: config.cooldownErrors, ms: config.cooldownMs } }
      : {}),
    ...(mayFallBack ? { fallback: { request: { id: model.prefixRequest, runId, moduleId, phase } } } : {}),
  };
}

/** Without an answer of the store the run is decided by its own counts; a later failure looks again. */
async function countsBeside(
  { tasks, log }: ErrorThresholdDeps,
  { task }: ErrorTaskModel,
): Promise<Pick<DecideCommand, 'beside'>> {
  if (task!.taskId === task!.runId) return {};
  try {
    return { beside: await tasks.countsBeside(task!) };
  } catch (error) {
    const of = { run_id: task!.runId, task_id: task!.taskId };
    log.warn('error-threshold could not read what a task has counted; it decides by the run alone', { ...of, error });
    return {};
  }
}

/**
 * How long a retry waits, in milliseconds: exponential with full jitter, uniform in [0, min(max, base · 2^(attempts − 1))].
 * A Retry-After is a lower bound, whatever the maximum.
 *
 * @param attempts executions so far, at least 1
 * @param random uniform in [0, 1)
 */
export function retryDelayMs(
  { baseDelayMs, maxDelayMs }: RetryPolicy,
  attempts: number,
  retryAfterMs: number,
  random: () => number,
): number {
  const ceilingMs = backOffMs({ baseMs: baseDelayMs, maxMs: maxDelayMs }, attempts - 1);
  return Math.max(Math.round(random() * ceilingMs), retryAfterMs);
}
