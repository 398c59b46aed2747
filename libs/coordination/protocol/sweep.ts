/** What the sweeper takes. */
import type { NodeRef } from './node.ts';
import type { WakeUp } from './outcome.ts';

/**
 * What the sweeper has to do: send a wake-up (`notify`), call `recoverZombie` (of a fetched node only if its response waits
 * nowhere), pump all staged children, drain all nodes of a
 * scope, call `phaseClose` (`deadline`) or `earlyOpen` (`early`), or write the end of a run and call `runSettle` (`settle`).
 */
export type DueEntry =
  | { readonly kind: 'notify'; readonly wakeUp: WakeUp }
  | { readonly kind: 'recover'; readonly node: NodeRef; readonly isFetched: boolean }
  | { readonly kind: 'pump'; readonly node: NodeRef }
  | { readonly kind: 'drain'; readonly runId: string; readonly moduleId: string; readonly phase: number }
  | { readonly kind: 'deadline'; readonly runId: string; readonly moduleId: string; readonly phase: number }
  | { readonly kind: 'early'; readonly runId: string; readonly moduleId: string }
  | { readonly kind: 'settle'; readonly runId: string };

/** Ended runs that one `dueTake` answers: each is written to the store, and what is due beside them does not wait for that. */
export const MAX_ENDS = 32;

export interface DueTakeCommand {
  readonly shard: number;
  /** Number of nodes at most. */
  readonly limit: number;
}

export interface DueTakeOutcome {
  readonly entries: readonly DueEntry[];
  /** Whether more is due than was taken. */
  readonly more: boolean;
}

/** The module whose window has room, and the phase that `toFill` named. */
export interface Fillable {
  readonly runId: string;
  readonly moduleId: string;
  readonly phase: number;
}

/** Whose window is filled, and how many wake-ups of each kind the caller can send. */
export interface FillCommand extends Fillable {
  readonly hops: number;
  readonly requests: number;
}

export interface FillOutcome {
  readonly wakeUps: readonly WakeUp[];
  /** The phase whose ready nodes the window still has room for. */
  readonly toFill?: number;
}

export interface SweepTransitions {
  /**
   * Takes due entries of a shard: at most `limit` nodes, and scopes with something to do.
   *
   * - Requires: nothing; any number of sweepers may call it at the same time, without a leader.
   * - Refuses: nothing.
   * - Changes: moves the due time of each taken node forward by its grace and never removes it, so that a sweeper may die
   *   at any point. A retry becomes pending; a pending node counts one dispatch; a fetched node stays fetched, because its
   *   response may still wait. A retry for which the window has no room stands ready instead; ready nodes are let into a window of
   *   which half or less is taken. An expired lease stays due until `recoverZombie` moves it, a deadline until `phaseClose` does, an early
   *   opening until `earlyOpen` does.
   * - Answers: what to do: send a wake-up, recover, pump, drain, close a phase by deadline, close a run; and whether more
   *   is due.
   * - Again: what is due by then.
   */
  dueTake(take: DueTakeCommand): Promise<DueTakeOutcome>;
  /**
   * Lets ready nodes into the window of their module, the first created first.
   *
   * - Requires: nothing; the caller may be late, and `dueTake` does the same for a window that nobody fills.
   * - Refuses: nothing; it answers no wake-ups when the run or module is not open or paused, or when more than half of the window is
   *   taken.
   * - Changes: at most `hops` hops and `requests` requests of the phase are inside the window, each with its dispatch grace.
   * - Answers: their wake-ups, and the phase whose ready nodes there is still room for.
   * - Again: what there is room for by then.
   */
  windowFill(fill: FillCommand): Promise<FillOutcome>;
}
