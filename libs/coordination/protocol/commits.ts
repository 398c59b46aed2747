/** How an execution commits, and how its children are created. */
import type { Held } from './claims.ts';
import type { ChainNode, NodeRef, NodeSeed } from './node.ts';
import type { CodeOf, ReleasedResponse, WakeUp } from './outcome.ts';

/** What `stageChildren` answers. */
export const StageCode = {
  /**
   * The children are kept under the token.
   * Caller: stages the next batch, or commits and names how many were staged.
   */
  STAGED: 0,
  /**
   * The node is unknown, not processing, under another token, or ended by a mark.
   * Caller: stops its execution; what it staged is deleted in time.
   */
  FENCING_REJECT: 1,
} as const;

/** What `commitSuccess` answers. */
export const CommitCode = {
  /**
   * The execution counts: the node is done, or releasing while its staged children move.
   * Caller: sends the wake-ups, publishes released responses, pumps while `releasing` says so, then acks.
   */
  COMMIT_OK: 0,
  /**
   * The token is not the node's current one, or another number of children was staged.
   * Caller: drops its work and acks: the lease is lost, or staged children are missing; the node is executed again.
   */
  FENCING_REJECT: 1,
  /** A mark or a deadline has ended the node's run, module or phase. Caller: drops its work and acks. */
  CAS_CONFLICT: 2,
  /**
   * This token has committed before.
   * Caller: continues as after COMMIT_OK with this answer; the sweeper sends wake-ups that were lost with the first answer.
   */
  ALREADY_COMMITTED: 3,
} as const;

/** What `childrenPump` answers. */
export const PumpCode = {
  /** A batch of children exists. Caller: sends the wake-ups, and calls again while there is more. */
  MOVED: 0,
  /** Nothing is left to move: the pump has finished, the node is unknown, or a mark ended it. Caller: stops. */
  NOT_RELEASING: 1,
} as const;

export const MAX_CHILDREN = 500;

/** What an execution counts toward the caps of its run. */
export interface Usage {
  /** Items that it yielded. */
  readonly items: number;
  /** Bytes of the body that was downloaded for it. */
  readonly bytes: number;
  /** Hops that it yielded beyond the cap on depth; they are not among its children. */
  readonly tooDeep: number;
}

export interface CommitCommand extends Held {
  /** At most {@link MAX_CHILDREN}; stage more of them first. */
  readonly children: readonly NodeSeed[];
  /** How many children were staged under this token; the commit is refused if the coordinator counts another number. */
  readonly staged: number;
  /** How many children the committer notifies itself, if the window has room for them; the others stand ready. */
  readonly wakeUps: number;
  /** Claims the only child in the same transition, if a claim would answer EXECUTE. */
  readonly handOver?: { readonly owner: string; readonly leaseMs: number };
  /** Absent: nothing. It is counted if the run has caps. */
  readonly usage?: Usage;
}

export interface CommitOutcome {
  readonly code: CodeOf<typeof CommitCode>;
  /** Wake-ups that the committer sends. */
  readonly wakeUps: readonly WakeUp[];
  /** The handed-over child, claimed. */
  readonly next?: ChainNode;
  readonly released: readonly ReleasedResponse[];
  /** How many children were created, and how many existed already (the advance gate was lost). */
  readonly created: number;
  readonly gateLost: number;
  /** How many were not created, because the run had reached a cap. */
  readonly leftOut: number;
  /** How many of the items count: all, or in a coordinator that stores them itself no more than the run's cap allows. */
  readonly items: number;
  /** Whether staged children are left to move: call `childrenPump`. */
  readonly releasing: boolean;
  /** The phase whose ready nodes the window has room for: call `windowFill`. */
  readonly toFill?: number;
}

export interface PumpCommand {
  readonly node: NodeRef;
  readonly wakeUps: number;
}

export interface PumpOutcome {
  readonly code: CodeOf<typeof PumpCode>;
  readonly wakeUps: readonly WakeUp[];
  readonly released: readonly ReleasedResponse[];
  readonly created: number;
  readonly gateLost: number;
  readonly leftOut: number;
  readonly more: boolean;
  /** As of a commit. */
  readonly toFill?: number;
}

/** The answer to a commit that was refused: nothing of it counts. */
export function refusedCommit(code: CommitOutcome['code']): CommitOutcome {
  return { code, wakeUps: [], released: [], created: 0, gateLost: 0, leftOut: 0, items: 0, releasing: false };
}

export const NOTHING_PUMPED: PumpOutcome = {
  code: PumpCode.NOT_RELEASING,
  wakeUps: [],
  released: [],
  created: 0,
  gateLost: 0,
  leftOut: 0,
  more: false,
};

export interface CommitTransitions {
  /**
   * Keeps children ahead of their commit, so that a step may yield more than one commit carries.
   *
   * - Requires: a held lease; at most {@link MAX_CHILDREN} children a call, in the node's phase or a later one.
   * - Refuses: FENCING_REJECT for an unknown node, one that is not processing, another token, or a mark. Throws
   *   `coordination.too_many_children` or `coordination.phase_out_of_range` before anything is written.
   * - Changes: appends the children that this token has not staged yet. They are invisible before the commit.
   * - Answers: STAGED.
   * - Again: STAGED; a child staged twice counts once.
   */
  stageChildren(stage: Held & { readonly children: readonly NodeSeed[] }): Promise<CodeOf<typeof StageCode>>;
  /**
   * Commits an execution: the node is done and its children exist.
   *
   * - Requires: a held lease, or an expired one if nobody took over; children in the node's phase or a later one,
   *   and items stored before.
   * - Refuses: in this order: FENCING_REJECT, the node is unknown or the token is another; ALREADY_COMMITTED;
   *   CAS_CONFLICT, the node is dead; FENCING_REJECT, the node is not processing; CAS_CONFLICT, a mark or a deadline
   *   has ended it; FENCING_REJECT, another number of children was staged. Throws `coordination.too_many_children` or
   *   `coordination.phase_out_of_range` before anything is written.
   * - Changes: processing to done, or to releasing with staged children; names the token as the commit's; creates
   *   children (an existing one is left: its own key is the advance gate), gives a superseded one its new body and next
   *   epoch; leases an only child to its committer where it could be claimed; counts an execution and ends the
   *   row of errors; counts the usage of a run with caps, and creates no child that a cap leaves out; a hop of which nothing is
   *   left is dead, `left_out`; closes phase, module and run if they are empty, and opens the next phase.
   * - Answers: COMMIT_OK with wake-ups of the first `wakeUps` runnable children that the window has room for and of what opened,
   *   the handed-over child, released responses, how many children were created, existed or were left out, and the phase whose ready nodes the window
   *   has room for now.
   * - Again: ALREADY_COMMITTED, with the handed-over child while its owner still holds it.
   */
  commitSuccess(commit: CommitCommand): Promise<CommitOutcome>;
  /**
   * Creates a batch of staged children; the last batch makes their parent done.
   *
   * - Requires: a releasing node.
   * - Refuses: NOT_RELEASING: the node is unknown or not releasing, or a mark has ended it (it then dies with its scope).
   * - Changes: creates at most {@link MAX_CHILDREN} children as a commit does; deletes what other tokens staged; with
   *   the last batch ends the node and closes empty scopes.
   * - Answers: MOVED with wake-ups, released responses, counts, and whether more are left.
   * - Again: the next batch, in the end NOT_RELEASING: a batch that another pump moved is not moved twice.
   */
  childrenPump(pump: PumpCommand): Promise<PumpOutcome>;
}
