/** Records failures and decides about them, once per node and epoch, by a policy that the caller computes. */
import { EVENTS } from '../../contracts/events.ts';
import {
  CommitErrorCode,
  type CommitErrorCommand,
  type DecideAction,
  DecideCode,
  type DecideCommand,
  type DecideOutcome,
  ReplayCode,
  type ReplayCommand,
  type ReplayOutcome,
  RetryCode,
  type RetryScheduleCommand,
  TerminateCode,
  type TerminateCommand,
  type Threshold,
} from '../protocol/errors.ts';
import { failureData } from '../protocol/failed-node.ts';
import type { CodeOf, WakeUp } from '../protocol/outcome.ts';
import { dispatchGraceMs } from '../protocol/policy.ts';
import { reopen } from './children.ts';
import { advancePhases, closeRunIfOver, endDead } from './phases.ts';
import { failedNode, type NodeRow } from './tables/node-row.ts';
import type { ModuleScope, PhaseScope, RunScope } from './tables/scopes.ts';
import { assertCounted, type Found, findNode, hasLeftBehind, isLive, pendingWakeUp, type Tx } from './tx.ts';

/** Records the error of an execution once per epoch, and ends its lease. */
export function commitError(tx: Tx, { node, token, error }: CommitErrorCommand) {
  const found = findNode(tx, node);
  if (found === undefined || found.row.token !== token) return CommitErrorCode.FENCING_REJECT;
  const { row, run } = found;
  if (row.state === 'failed') return CommitErrorCode.ERROR_ALREADY_EMITTED;
  if (row.state !== 'processing' || !isLive(found)) return CommitErrorCode.FENCING_REJECT;
  const repeated = row.error_epoch === row.epoch;
  row.state = 'failed';
  row.due_at = tx.clock.now() + tx.policy.decisionGraceMs;
  row.error = error;
  row.error_epoch = row.epoch;
  tx.nodes.save(row);
  const data = failureData(failedNode(row, run), 'failed');
  tx.events.append(run, EVENTS.ErrorTaskProduced.type, row.id, row.epoch, tx.clock.now(), { ...data });
  return repeated ? CommitErrorCode.ERROR_ALREADY_EMITTED : CommitErrorCode.ERROR_EMIT_OK;
}

type Code = CodeOf<typeof DecideCode>;

export function thresholdDecide(tx: Tx, command: DecideCommand): DecideOutcome {
  const found = findNode(tx, command.node);
  if (found === undefined) return outcome(DecideCode.CONTINUE, 'none');
  const stored = storedDecision(found.row, command.epoch);
  if (stored !== undefined) return { ...stored, repeated: true, gateTaken: false, wakeUps: [] };
  if (found.row.epoch !== command.epoch || found.row.state !== 'failed' || !isLive(found)) {
    return outcome(DecideCode.CONTINUE, 'none');
  }
  assertCounted(tx, found);
  const wakeUps = fallBack(tx, found, command);
  if (Array.isArray(wakeUps)) return outcome(DecideCode.CONTINUE, 'fallback', wakeUps);
  countError(tx, found, command.cooldown);
  const decided = terminate(tx, found, command) ?? retryOrEnd(tx, found, command);
  return { ...decided, gateTaken: wakeUps === 'gate_taken' };
}

function retryOrEnd(tx: Tx, { row, phase, module }: Found, command: DecideCommand): DecideOutcome {
  if (!command.fatal && row.attempts < command.maxAttempts) {
    remember(row, DecideCode.RETRY_AFTER, 'retry');
    scheduleRetry(tx, row, command.retryDelayMs);
    return outcome(DecideCode.RETRY_AFTER, 'retry');
  }
  remember(row, DecideCode.CONTINUE, 'dead');
  endDead(tx, row, phase, 'failed');
  return outcome(DecideCode.CONTINUE, 'dead', advancePhases(tx, module));
}

/** Schedules the node's retry in its next epoch. */
export function scheduleRetry(tx: Tx, row: NodeRow, delayMs: number): void {
  row.state = 'retry';
  row.epoch += 1;
  row.dispatches = 0;
  row.due_at = tx.clock.now() + Math.max(0, delayMs);
  tx.nodes.save(row);
}

function terminate(tx: Tx, { row, phase, module, run }: Found, command: DecideCommand): DecideOutcome | undefined {
  const moduleTripped = trips(command.moduleThreshold, module.errors, module.executions);
  const { beside = { executions: 0, errors: 0 } } = command;
  const ofTask = { errors: run.errors + beside.errors, executions: run.executions + beside.executions };
  const taskTripped = trips(command.taskThreshold, ofTask.errors, ofTask.executions);
  if (!moduleTripped && !taskTripped) return undefined;
  const code = moduleTripped ? DecideCode.TERMINATE_MODULE : DecideCode.TERMINATE_TASK;
  remember(row, code, 'terminated');
  const scope = moduleTripped ? module : ofTask;
  const where = !moduleTripped && beside.executions > 0 ? ' of its task' : '';
  const reason = `threshold: ${scope.errors} errors in ${scope.executions} executions${where}`;
  endDead(tx, row, phase, 'terminated');
  if (moduleTripped) markModule(tx, module, reason);
  else markTask(tx, run, reason);
  const subject = moduleTripped ? `${run.runId}:${module.moduleId}` : run.runId;
  tx.events.append(run, EVENTS.TaskTerminatedByThreshold.type, subject, run.openings, tx.clock.now(), {
    scope: moduleTripped ? module.moduleId : 'task',
    reason,
  });
  return outcome(code, 'terminated');
}

function countError(tx: Tx, { module, run }: Found, cooldown: DecideCommand['cooldown']): void {
  module.errors += 1;
  module.errorStreak += 1;
  if (cooldown !== undefined && module.errorStreak >= cooldown.errors) {
    module.errorStreak = 0;
    module.cooldownUntilMs = tx.clock.now() + cooldown.ms;
  }
  module.executions += 1;
  run.errors += 1;
  run.executions += 1;
  tx.scopes.touchModule(module);
  tx.scopes.touchRun(run);
}

function trips(threshold: Threshold, errors: number, executions: number): boolean {
  if ('errors' in threshold) return errors >= threshold.errors;
  return executions >= threshold.minExecutions && errors >= threshold.rate * executions;
}

/**
 * Falls back: the request that produced the hop is parsed again. The hop ends as superseded, and the new parse revives it with a
 * new body. Once per module, step and request: then `gate_taken`. Undefined when it does not apply, and the gate stays unused.
 */
function fallBack(
  tx: Tx,
  { row, phase, module, run }: Found,
  command: DecideCommand,
): WakeUp[] | 'gate_taken' | undefined {
  if (command.fallback === undefined || row.kind !== 'hop' || row.prefix_request === '') return undefined;
  const request = findNode(tx, command.fallback.request);
  if (request === undefined || request.row.kind !== 'request') return undefined;
  // A releasing request has been parsed already; only its staged children will be created.
  if (request.row.state === 'dead' || request.row.state === 'releasing') return undefined;
  if (request.phase !== phase || phase.closed !== '') return undefined;
  if (!tx.fallbackGates.take(module.no, row.step_idx, row.prefix_request)) return 'gate_taken';
  remember(row, DecideCode.CONTINUE, 'fallback');
  endDead(tx, row, phase, 'superseded');
  tx.events.append(run, EVENTS.ModuleStepFallback.type, row.id, row.epoch, tx.clock.now(), { request: request.row.id });
  if (request.row.state !== 'done') return [];
  reopen(tx, request.row, request.phase, tx.clock.now() + dispatchGraceMs(tx.policy, 0));
  return [pendingWakeUp(request.row, request.phase)];
}

function remember(row: NodeRow, code: Code, action: DecideAction): void {
  row.decisions += `${row.epoch}:${code}:${action};`;
}

function storedDecision(row: NodeRow, epoch: number): { code: Code; action: DecideAction } | undefined {
  for (const decision of row.decisions.split(';')) {
    const [decided, code, action] = decision.split(':');
    if (decided === String(epoch)) return { code: Number(code) as Code, action: action as DecideAction };
  }
  return undefined;
}

function outcome(code: Code, action: DecideAction, wakeUps: readonly WakeUp[] = []): DecideOutcome {
  return { code, action, repeated: false, gateTaken: false, wakeUps };
}

/** Schedules a manual retry, as a decision would. */
export function retrySchedule(tx: Tx, { node, delayMs, maxAttempts }: RetryScheduleCommand) {
  const found = findNode(tx, node);
  if (found === undefined || found.row.state !== 'failed' || !isLive(found)) return RetryCode.RETRY_NOT_ALLOWED;
  if (found.row.attempts >= maxAttempts) return RetryCode.MAX_RETRY_EXCEEDED;
  scheduleRetry(tx, found.row, delayMs);
  return RetryCode.RETRY_SCHEDULED;
}

export function terminateMark(tx: Tx, { runId, moduleId, reason }: TerminateCommand) {
  const run = tx.scopes.run(runId);
  if (run === undefined || run.state !== 'open' || run.mark !== '') return TerminateCode.ALREADY_TERMINATED;
  if (moduleId === undefined) {
    markTask(tx, run, reason);
    return TerminateCode.TERMINATED;
  }
  const module = run.modules.find((each) => each.moduleId === moduleId);
  if (module === undefined || module.state !== 'open') return TerminateCode.ALREADY_TERMINATED;
  markModule(tx, module, reason);
  return TerminateCode.TERMINATED;
}

/** Marks the module: none of its nodes is claimed from now on, and the sweeper drains them. */
export function markModule(tx: Tx, module: ModuleScope, reason: string): void {
  module.state = 'terminated';
  module.reason = reason;
  tx.scopes.touchModule(module);
  closeRunIfOver(tx, module.run);
}

export function markTask(tx: Tx, run: RunScope, reason: string, mark: RunScope['mark'] = 'terminated'): void {
  run.mark = mark;
  run.reason = reason;
  tx.scopes.touchRun(run);
  closeRunIfOver(tx, run);
}

export function replay(tx: Tx, { node, rejoin }: ReplayCommand): ReplayOutcome {
  const found = findNode(tx, node);
  if (found === undefined) return { code: ReplayCode.UNKNOWN_NODE, wakeUps: [] };
  const { row, phase, module } = found;
  // A purge may have deleted part of the run already.
  if (found.run.state === 'expired') return { code: ReplayCode.UNKNOWN_NODE, wakeUps: [] };
  if (row.state !== 'dead' || row.death_reason === 'superseded')
    return { code: ReplayCode.NOT_REPLAYABLE, wakeUps: [] };
  if (isDraining(tx, found.run)) return { code: ReplayCode.DRAINING, wakeUps: [] };

  liftMarks(tx, found);
  if (rejoin) rewind(tx, phase);
  reopen(tx, row, phase, tx.clock.now() + dispatchGraceMs(tx.policy, 0));
  row.reopened = phase.closed === '' ? 0 : 1;
  tx.nodes.save(row);
  // The phase in which a mark stopped the module may be empty by now; it closes here.
  return { code: ReplayCode.REPLAYED, wakeUps: [pendingWakeUp(row, phase), ...advancePhases(tx, module)] };
}

function isDraining(tx: Tx, run: RunScope): boolean {
  if (run.state !== 'open') return false;
  return run.modules.some((module) => module.phases.some((phase) => hasLeftBehind(tx, phase)));
}

function liftMarks(tx: Tx, { module, run }: Found): void {
  if (run.state !== 'open') run.openings += 1;
  run.state = 'open';
  run.mark = '';
  run.reason = '';
  run.closeAtMs = 0;
  run.executions = 0;
  run.errors = 0;
  module.state = 'open';
  module.reason = '';
  module.executions = 0;
  module.errors = 0;
  module.errorStreak = 0;
  module.cooldownUntilMs = 0;
  tx.scopes.touchRun(run);
  tx.scopes.touchModule(module);
}

/** Takes the module back to this phase; later phases open again when it is empty, and their openers run again. */
function rewind(tx: Tx, phase: PhaseScope): void {
  const { module } = phase;
  const nowMs = tx.clock.now();
  for (const later of module.phases.slice(phase.idx)) {
    later.closed = '';
    // The deadline does not apply to a replayed run.
    if (later.deadlineAtMs <= nowMs) later.deadlineAtMs = 0;
    tx.scopes.touchPhase(later);
  }
  if (phase.idx < module.currentPhase) {
    module.currentPhase = phase.idx;
    module.front = phase.idx;
    module.revision += 1;
  }
  tx.scopes.touchModule(module);
}
