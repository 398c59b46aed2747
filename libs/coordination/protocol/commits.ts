/** How an execution ends well, and its children come into being. */
import type { Held } from './claims.ts';
import type { ChainNode, NodeRef, NodeSeed } from './node.ts';
import type { Bell, CodeOf, ReleasedResponse } from './outcome.ts';

export const StageCode = { STAGED: 0, FENCING_REJECT: 1 } as const;

export const CommitCode = { COMMIT_OK: 0, FENCING_REJECT: 1, CAS_CONFLICT: 2, ALREADY_COMMITTED: 3 } as const;

export const PumpCode = { MOVED: 0, NOT_RELEASING: 1 } as const;

export const MAX_CHILDREN = 500;

export interface CommitCommand extends Held {
  /** At most {@link MAX_CHILDREN}; more are staged first. */
  readonly children: readonly NodeSeed[];
  /** How many children were staged under this token; the commit is refused when the coordinator counts another number. */
  readonly staged: number;
  /** How many of the children the committer will ring itself; the others are due at once, for the sweeper to ring. */
  readonly bells: number;
  /** Claims the only child in the same step, if a claim would answer EXECUTE. */
  readonly handOver?: { readonly owner: string; readonly leaseMs: number };
}

export interface CommitOutcome {
  readonly code: CodeOf<typeof CommitCode>;
  /** To be rung by the committer. */
  readonly bells: readonly Bell[];
  /** The handed-over child, claimed. */
  readonly next?: ChainNode;
  readonly released: readonly ReleasedResponse[];
  /** Children that came into being, and children that were there already (the advance gate was lost). */
  readonly created: number;
  readonly gateLost: number;
  /** True while staged children have yet to be moved: call {@link PumpCommand}. */
  readonly releasing: boolean;
}

export interface PumpCommand {
  readonly node: NodeRef;
  readonly bells: number;
}

export interface PumpOutcome {
  readonly code: CodeOf<typeof PumpCode>;
  readonly bells: readonly Bell[];
  readonly released: readonly ReleasedResponse[];
  readonly created: number;
  readonly gateLost: number;
  readonly more: boolean;
}

export interface CommitTransitions {
  /** Keeps children ahead of a commit, at most {@link MAX_CHILDREN} a call; a child staged twice counts once. */
  stageChildren(stage: Held & { readonly children: readonly NodeSeed[] }): Promise<CodeOf<typeof StageCode>>;
  /** Ends an execution well: the node is done and its children exist. */
  commitSuccess(commit: CommitCommand): Promise<CommitOutcome>;
  /** Moves a batch of staged children into being. */
  childrenPump(pump: PumpCommand): Promise<PumpOutcome>;
}
