/** The gRPC service of error-threshold, for ingress and operators. */

import { type ChainDecision, ChainDecisionKind, type ErrorTaskModel } from '../../libs/contracts/messages.ts';
import { invalidArgument, MAX_REASON_CHARS, requireNone, textFault } from '../../libs/contracts/request-check.ts';
import type {
  ErrorThresholdServiceImplementation,
  GetThresholdsResponse,
  PreCheckRequest,
  TerminateRequest,
  Threshold as ThresholdMessage,
} from '../../libs/contracts/services.ts';
import { messageFault } from '../../libs/contracts/validate.ts';
import {
  DecideCode,
  type DecideCommand,
  type DecideOutcome,
  TerminateCode,
  type Threshold,
} from '../../libs/coordination/protocol/errors.ts';
import type { Coordinator } from '../../libs/coordination/protocol/port.ts';
import { CatenaError } from '../../libs/errors/catena-error.ts';
import { applyOutcome, NO_MESSAGE } from '../../libs/stage/execution/apply.ts';
import type { Tasks } from '../../libs/stage/run/tasks.ts';
import type { RunRecord, Store } from '../../libs/store/port.ts';
import { audit } from '../../libs/telemetry/audit.ts';
import type { ErrorThresholdDeps } from './deps.ts';
import { handle } from './handle.ts';
import { preCheck } from './service.ts';

export interface ErrorThresholdApiDeps {
  /** Dependencies of the stage. */
  readonly thresholdDeps: ErrorThresholdDeps;
  readonly coordinator: Pick<Coordinator, 'thresholdDecide' | 'findRun' | 'terminateMark'>;
  readonly store: Pick<Store, 'findRun'>;
  readonly tasks: Pick<Tasks, 'refusal'>;
}

/** The implementation of the service. */
export function createErrorThresholdApi(deps: ErrorThresholdApiDeps): ErrorThresholdServiceImplementation {
  return {
    preCheck: async (request) => ({ decision: await preCheckTask(deps, request) }),
    decide: async ({ errorTask }) => ({ decision: await decide(deps, errorTask) }),
    terminate: async (request) => {
      const { changed, taskId } = await terminate(deps, request);
      const { runId, moduleId, reason } = request;
      const of = { run_id: runId, task_id: taskId, ...(moduleId === '' ? {} : { module_id: moduleId }) };
      audit(deps.thresholdDeps.log, 'terminate', { ...of, reason, changed });
      return { changed };
    },
    getThresholds: ({ runId }) => getThresholds(deps, runId),
  };
}

/** Whether a run may begin, or was ended before, or is to wait. */
async function preCheckTask(deps: ErrorThresholdApiDeps, { task }: PreCheckRequest): Promise<ChainDecision> {
  if (task === undefined) throw invalidArgument([{ path: 'task', message: 'is missing' }]);
  const fault = messageFault({ kind: 'task', model: task });
  if (fault !== undefined) throw invalidArgument([{ path: `task.${fault.field}`, message: fault.reason }]);
  const refusal = await preCheck(deps, task);
  if (refusal === undefined) return decision(ChainDecisionKind.CONTINUE);
  if (refusal.kind === 'cooling') return decision(ChainDecisionKind.RETRY_AFTER, { delayMs: refusal.delayMs });
  const { scope, reason } = refusal;
  return decision(ChainDecisionKind[scope === 'task' ? 'TERMINATE_TASK' : 'TERMINATE_MODULE'], { reason });
}

/** Decides as the stage does for a message, publishes what follows, and returns the decision. */
async function decide(deps: ErrorThresholdApiDeps, model: ErrorTaskModel | undefined): Promise<ChainDecision> {
  if (model === undefined) throw invalidArgument([{ path: 'error_task', message: 'is missing' }]);
  const fault = messageFault({ kind: 'error', model });
  if (fault !== undefined) throw invalidArgument([{ path: `error_task.${fault.field}`, message: fault.reason }]);
  let decided: { readonly command: DecideCommand; readonly outcome: DecideOutcome } | undefined;
  const coordinator: ErrorThresholdDeps['coordinator'] = {
    findRun: (runId) => deps.coordinator.findRun(runId),
    thresholdDecide: async (command) => {
      const outcome = await deps.coordinator.thresholdDecide(command);
      decided = { command, outcome };
      return outcome;
    },
  };
  const outcome = await handle({ ...deps.thresholdDeps, coordinator }, { kind: 'error', model });
  await applyOutcome('error-threshold', outcome, deps.thresholdDeps.publisher, NO_MESSAGE);
  return toDecision(decided!);
}

const DECIDED = {
  [DecideCode.CONTINUE]: ChainDecisionKind.CONTINUE,
  [DecideCode.RETRY_AFTER]: ChainDecisionKind.RETRY_AFTER,
  [DecideCode.TERMINATE_MODULE]: ChainDecisionKind.TERMINATE_MODULE,
  [DecideCode.TERMINATE_TASK]: ChainDecisionKind.TERMINATE_TASK,
} as const;

/** A repeated decision has no wait: its retry may have begun long ago. */
function toDecision({ command, outcome }: { readonly command: DecideCommand; readonly outcome: DecideOutcome }) {
  const { code, action, repeated } = outcome;
  const isTermination = code === DecideCode.TERMINATE_MODULE || code === DecideCode.TERMINATE_TASK;
  return decision(DECIDED[code], {
    delayMs: code === DecideCode.RETRY_AFTER && !repeated ? command.retryDelayMs : 0,
    reason: isTermination ? 'threshold' : '',
    actionApplied: action === 'none' ? '' : action,
  });
}

function decision(kind: ChainDecisionKind, rest: Partial<ChainDecision> = {}): ChainDecision {
  return { kind, delayMs: 0, reason: '', actionApplied: '', ...rest };
}

/** Returns whether anything changed, and the task of the run. */
async function terminate(
  { store, coordinator }: ErrorThresholdApiDeps,
  { runId, moduleId, reason }: TerminateRequest,
): Promise<{ readonly changed: boolean; readonly taskId: string }> {
  requireNone([textFault('reason', reason, MAX_REASON_CHARS)]);
  const record = await findRun(store, runId);
  if (moduleId !== '' && !record.modules.includes(moduleId)) {
    throw new CatenaError('api.unknown_module', `run ${runId} has no module ${moduleId}`, {
      data: { runId, moduleId },
      remedy: `use one of ${record.modules.join(', ')}`,
    });
  }
  if (record.state === 'closed') {
    throw new CatenaError('api.run_closed', `run ${runId} is closed`, {
      data: { runId },
      remedy: 'nothing: the run is over already',
    });
  }
  if ((await coordinator.findRun(runId)) === undefined) {
    throw new CatenaError('api.run_not_open', `run ${runId} is accepted, but not opened yet`, {
      class: 'retryable',
      retryAfterMs: 500,
      data: { runId },
      remedy: 'ask again in a moment, or cancel it',
    });
  }
  const scope = moduleId === '' ? { runId } : { runId, moduleId };
  const changed = (await coordinator.terminateMark({ ...scope, reason })) === TerminateCode.TERMINATED;
  return { changed, taskId: record.taskId };
}

async function findRun(store: ErrorThresholdApiDeps['store'], runId: string): Promise<RunRecord> {
  requireNone([textFault('run_id', runId)]);
  const record = await store.findRun(runId);
  if (record !== undefined) return record;
  throw new CatenaError('api.unknown_run', `there is no run ${runId}`, { data: { runId }, remedy: 'check its id' });
}

async function getThresholds(deps: ErrorThresholdApiDeps, runId: string): Promise<GetThresholdsResponse> {
  const { retry, moduleThreshold, taskThreshold, cooldownErrors, cooldownMs } = deps.thresholdDeps.config;
  if (runId !== '') await findRun(deps.store, runId);
  const snapshot = runId === '' ? undefined : await deps.coordinator.findRun(runId);
  return {
    module: toThreshold(moduleThreshold),
    task: toThreshold(taskThreshold),
    attempts: retry.attempts,
    baseDelayMs: retry.baseDelayMs,
    maxDelayMs: retry.maxDelayMs,
    cooldownErrors: cooldownMs > 0 ? cooldownErrors : 0,
    cooldownMs,
    modules: (snapshot?.modules ?? []).map(({ moduleId, executions, errors, state }) => {
      return { moduleId, executions, errors, state };
    }),
  };
}

function toThreshold(threshold: Threshold): ThresholdMessage {
  return 'errors' in threshold
    ? { limit: { $case: 'errors', value: threshold.errors } }
    : { limit: { $case: 'rate', value: { rate: threshold.rate, minExecutions: threshold.minExecutions } } };
}
