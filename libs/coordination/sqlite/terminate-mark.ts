import type { RetryScheduleCommand, TerminateCommand } from '../protocol/errors.ts';
import { RetryCode, TerminateCode } from '../protocol/errors.ts';
import { ControlCode } from '../protocol/runs.ts';
import { scheduleRetry } from './errors.ts';
import { closeRunIfOver } from './phases.ts';
import type { ModuleScope, RunScope } from './tables/scopes.ts';
import { findNode, isLive, type Tx } from './tx.ts';

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

/** From now on nothing of the module is claimed; the sweeper ends its nodes. */
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

export function runControl(
  tx: Tx,
  { runId, action }: { readonly runId: string; readonly action: 'pause' | 'resume' | 'cancel' },
) {
  const run = tx.scopes.run(runId);
  if (run === undefined || run.state !== 'open') return ControlCode.RUN_CLOSED;
  if (run.mark !== '') return ControlCode.NO_CHANGE;
  if (action === 'cancel') {
    markTask(tx, run, 'cancelled', 'cancelled');
    return ControlCode.DONE;
  }
  const paused = action === 'pause';
  if (run.paused === paused) return ControlCode.NO_CHANGE;
  run.paused = paused;
  tx.scopes.touchRun(run);
  return ControlCode.DONE;
}

/** A retry by hand; what decide would have done. */
export function retrySchedule(tx: Tx, { node, delayMs, maxAttempts }: RetryScheduleCommand) {
  const found = findNode(tx, node);
  if (found === undefined || found.row.state !== 'failed' || !isLive(found)) return RetryCode.RETRY_NOT_ALLOWED;
  if (found.row.attempts >= maxAttempts) return RetryCode.MAX_RETRY_EXCEEDED;
  scheduleRetry(tx, found.row, delayMs);
  return RetryCode.RETRY_SCHEDULED;
}
