/** Lines that tell who changed what. They are at info level, never counted in place of being written. */
import { currentCaller } from '../callers/current-caller.ts';
import type { Log, LogFields } from './log.ts';

export type AuditedAction =
  | 'submit'
  | 'pause'
  | 'resume'
  | 'cancel'
  | 'replay'
  | 'discard_dead_letters'
  | 'put_account'
  | 'terminate'
  | 'terminate_task'
  | 'lift_task';

/** Call it when the action has taken effect. */
export function audit(log: Log, action: AuditedAction, fields: LogFields): void {
  log.info('audit', { audit: action, caller: currentCaller() ?? 'this process', ...fields });
}
