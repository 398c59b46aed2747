/** What the sweeper looks at. */
import type { NodeRef } from './node.ts';
import type { Bell } from './outcome.ts';

/** What the sweeper has to do next. */
export type DueEntry =
  | { readonly kind: 'ring'; readonly bell: Bell }
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
  /** What stands due, moved forward so that it is looked at again if the caller dies. */
  dueTake(take: DueTakeCommand): Promise<DueTakeOutcome>;
}
