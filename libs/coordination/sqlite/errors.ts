/**
 * What becomes of a failed node: decided once per node and epoch, and done in the same transition. The policy (how many
 * attempts, how long to wait, which thresholds) is computed by the caller.
 */
import { EVENTS } from '../../contracts/events.ts';
import type { DecideAction, DecideCommand, DecideOutcome, Threshold } from '../protocol/errors.ts';
import { DecideCode } from '../protocol/errors.ts';
import type { Bell, CodeOf } from '../protocol/outcome.ts';
import { dispatchGraceMs } from '../protocol/policy.ts';
import { reopen } from './children.ts';
import { advancePhases, endDead } from './phases.ts';
import type { NodeRow } from './tables/node-row.ts';
import { markModule, markTask } from './terminate-mark.ts';
import { type Found, findNode, isLive, pendingBell, type Tx } from './tx.ts';

type Code = CodeOf<typeof DecideCode>;

export function thresholdDecide(tx: Tx, command: DecideCommand): DecideOutcome {
  const found = findNode(tx, command.node);
  if (found === undefined) return outcome(DecideCode.CONTINUE, 'none');
  const stored = storedDecision(found.row, command.epoch);
  if (stored !== undefined) return { ...stored, repeated: true, bells: [] };
  if (found.row.epoch !== command.epoch || found.row.state !== 'failed' || !isLive(found)) {
    return outcome(DecideCode.CONTINUE, 'none');
  }
  const bells = fallBack(tx, found, command);
  if (bells !== undefined) return outcome(DecideCode.CONTINUE, 'fallback', bells);
  countError(tx, found, command.cooldown);
  return terminate(tx, found, command) ?? retryOrEnd(tx, found, command);
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

/** The node waits for its time, as its next epoch. */
export function scheduleRetry(tx: Tx, row: NodeRow, delayMs: number): void {
  row.state = 'retry';
  row.epoch += 1;
  row.dispatches = 0;
  row.due_at = tx.clock.now() + Math.max(0, delayMs);
  tx.nodes.save(row);
}

function terminate(tx: Tx, { row, phase, module, run }: Found, command: DecideCommand): DecideOutcome | undefined {
  const moduleTripped = trips(command.moduleThreshold, module.errors, module.executions);
  const taskTripped = trips(command.taskThreshold, run.errors, run.executions);
  if (!moduleTripped && !taskTripped) return undefined;
  const code = moduleTripped ? DecideCode.TERMINATE_MODULE : DecideCode.TERMINATE_TASK;
  remember(row, code, 'terminated');
  const scope = moduleTripped ? module : run;
  const reason = `threshold: ${scope.errors} errors in ${scope.executions} executions`;
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
 * The request that produced the hop is parsed again: the hop ends as superseded, and the new parse brings it back with a
 * fresh body. Once per module, step and request; undefined when it does not apply, and the gate stays unused.
 */
function fallBack(tx: Tx, { row, phase, module, run }: Found, command: DecideCommand): Bell[] | undefined {
  if (command.fallback === undefined || row.kind !== 'hop' || row.prefix_request === '') return undefined;
  const request = findNode(tx, command.fallback.request);
  if (request === undefined || request.row.kind !== 'request') return undefined;
  // One that is releasing has been parsed: what it staged is all that will come of it.
  if (request.row.state === 'dead' || request.row.state === 'releasing') return undefined;
  if (request.phase !== phase || phase.closed !== '') return undefined;
  if (!tx.fallbackGates.take(module.no, row.step_idx, row.prefix_request)) return undefined;
  remember(row, DecideCode.CONTINUE, 'fallback');
  endDead(tx, row, phase, 'superseded');
  tx.events.append(run, EVENTS.ModuleStepFallback.type, row.id, row.epoch, tx.clock.now(), { request: request.row.id });
  if (request.row.state !== 'done') return [];
  reopen(tx, request.row, request.phase, tx.clock.now() + dispatchGraceMs(tx.policy, 0));
  return [pendingBell(request.row, request.phase)];
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

function outcome(code: Code, action: DecideAction, bells: readonly Bell[] = []): DecideOutcome {
  return { code, action, repeated: false, bells };
}
