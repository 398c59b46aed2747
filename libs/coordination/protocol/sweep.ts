/** What the sweeper looks at. */
import type { NodeRef } from './node.ts';
import type { WakeUp } from './outcome.ts';

/**
 * What the sweeper has to do next: send a wake-up (`notify`), call `recoverZombie`, pump until there is no more, drain until there
 * is no more, call `phaseClose` (`deadline`), or write the end of a run and call `runSettle` (`settle`).
 */
export type DueEntry =
  | { readonly kind: 'notify'; readonly wakeUp: WakeUp }
  | { readonly kind: 'recover'; readonly node: NodeRef }
  | { readonly kind: 'pump'; readonly node: NodeRef }
  | { readonly kind: 'drain'; readonly runId: string; readonly moduleId: string; readonly phase: number }
  | { readonly kind: 'deadline'; readonly runId: string; readonly moduleId: string; readonly phase: number }
  | { readonly kind: 'settle'; readonly runId: string };

export interface DueTakeCommand {
  readonly shard: number;
  /** At most so many nodes are taken. */
  readonly limit: number;
}

export interface DueTakeOutcome {
  readonly entries: readonly DueEntry[];
  /** Whether more stood due than was taken. */
  readonly more: boolean;
}

export interface SweepTransitions {
  /**
   * Takes what stands due of a shard: at most `limit` nodes, and scopes that need somebody.
   *
   * - Requires: nothing; any number of sweepers may ask at once, without a leader.
   * - Refuses: nothing.
   * - Changes: moves each taken node forward by its grace and never out, so that a sweeper may die at any point: a
   *   retry and an overdue response become pending, a pending node counts one dispatch. A lease that ran out stays due
   *   until `recoverZombie` moves it, a deadline until `phaseClose` does.
   * - Answers: what to do: send a wake-up, recover, pump, drain, close by deadline, close a run; and whether more stands
   *   due.
   * - Again: what is due by then.
   */
  dueTake(take: DueTakeCommand): Promise<DueTakeOutcome>;
}
