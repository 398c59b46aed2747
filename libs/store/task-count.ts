/** How the end of a run changes its task; both stores do it in the transaction that closes the run. */
import type { Counts, TaskCount } from './port.ts';

/** The part of a task that ends of its runs change. */
export interface TaskTally extends Counts {
  /** Errors of its last runs, as far as none of them has an item. */
  readonly streak: number;
  readonly coolsUntilMs: number;
}

/**
 * The task after the end of a run. A run that is closed again replaces what it counted before, so that it never counts twice: an
 * end that is repeated changes nothing, and one after a replay counts what was executed since.
 *
 * @param before what the run has counted already
 */
export function withRunCounted(task: TaskTally, before: Counts, count: TaskCount): TaskTally {
  const { executions, errors, items, cooldown } = count;
  const moreErrors = errors - before.errors;
  const streak = items > 0 ? 0 : task.streak + Math.max(0, moreErrors);
  const cools = cooldown !== undefined && moreErrors > 0 && streak >= cooldown.errors;
  return {
    executions: task.executions + executions - before.executions,
    errors: task.errors + moreErrors,
    streak: cools ? 0 : streak,
    coolsUntilMs: cools ? Math.max(task.coolsUntilMs, cooldown.untilMs) : task.coolsUntilMs,
  };
}
