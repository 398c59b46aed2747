/** How an execution fails, and what is decided about its node. */
import type { Held } from './claims.ts';
import type { NodeRef } from './node.ts';
import type { CodeOf, WakeUp } from './outcome.ts';

/** What `commitError` answers. */
export const CommitErrorCode = {
  /**
   * The failure is recorded and the lease is over; the node waits for its decision.
   * Caller: publishes the error task, then acks.
   */
  ERROR_EMIT_OK: 0,
  /**
   * This epoch's failure is recorded already.
   * Caller: publishes the error task again, because the first may be lost, and acks.
   */
  ERROR_ALREADY_EMITTED: 1,
  /**
   * The token is not the node's, or a mark has ended it. Nothing was changed.
   * Caller: drops the failure and acks.
   */
  FENCING_REJECT: 2,
} as const;

/** What `thresholdDecide` answers; `action` is the node's result. */
export const DecideCode = {
  /**
   * The run goes on: the node is dead, a fallback took its place, or there was nothing to decide.
   * Caller: sends the wake-ups and acks.
   */
  CONTINUE: 0,
  /** The node waits for its retry. Caller: acks: the sweeper sends the wake-up at that time. */
  RETRY_AFTER: 1,
  /**
   * The errors of the module reached its threshold: the module is marked and the node dead.
   * Caller: reports it and acks; the sweeper ends the module's other nodes.
   */
  TERMINATE_MODULE: 2,
  /**
   * The errors of the task reached its threshold: the run is marked and the node dead.
   * Caller: reports it and acks; the sweeper ends the run's other nodes.
   */
  TERMINATE_TASK: 3,
} as const;

/** What `retrySchedule` answers. */
export const RetryCode = {
  /** The node waits for its retry. Caller: does nothing more. */
  RETRY_SCHEDULED: 0,
  /** The node is unknown, does not wait for a decision, or a mark has ended it. Caller: reports it. */
  RETRY_NOT_ALLOWED: 1,
  /** The node has used all its attempts. Caller: waits for its decision, or replays it when it is dead. */
  MAX_RETRY_EXCEEDED: 2,
} as const;

/** What `terminateMark` answers. */
export const TerminateCode = {
  /** Module or task is marked. Caller: does nothing more: the sweeper ends the nodes. */
  TERMINATED: 0,
  /**
   * The run is unknown, not open or marked already, or the module is not open.
   * Caller: reports that nothing was done.
   */
  ALREADY_TERMINATED: 1,
} as const;

/** What `replay` answers. */
export const ReplayCode = {
  /** The node is pending in its next epoch with fresh budgets. Caller: sends the wake-ups. */
  REPLAYED: 0,
  /** The node is not dead, or a fallback took its place. Caller: reports it. */
  NOT_REPLAYABLE: 1,
  /** Nodes of an ended scope are still being drained. Caller: retries a little later. */
  DRAINING: 2,
  /**
   * The node is unknown, or its run is being purged.
   * Caller: reports it; after retention a replay is a new run.
   */
  UNKNOWN_NODE: 3,
} as const;

export interface CommitErrorCommand extends Held {
  /** The failure as JSON; opaque. */
  readonly error: string;
}

/** A threshold, inclusive: an error rate over a minimum number of executions, or an absolute number of errors. */
export type Threshold = { readonly rate: number; readonly minExecutions: number } | { readonly errors: number };

export interface DecideCommand {
  readonly node: NodeRef;
  readonly epoch: number;
  /** No further attempt, whatever the budget. */
  readonly fatal: boolean;
  readonly maxAttempts: number;
  /** Delay of a retry; the caller has applied back-off, jitter and Retry-After. */
  readonly retryDelayMs: number;
  readonly moduleThreshold: Threshold;
  readonly taskThreshold: Threshold;
  /** What the task has counted beside this run, in other runs of it; default nothing. The module's threshold does not look at it. */
  readonly beside?: { readonly executions: number; readonly errors: number };
  /** After so many errors of the module in a row, its nodes are not claimed for a while. */
  readonly cooldown?: { readonly errors: number; readonly ms: number };
  /** Tries a fallback first: parses this request again, and supersedes the hop. */
  readonly fallback?: { readonly request: NodeRef };
}

export type DecideAction = 'dead' | 'retry' | 'fallback' | 'terminated' | 'none';

export interface DecideOutcome {
  readonly code: CodeOf<typeof DecideCode>;
  /** `none`: the node was not waiting for a decision, and none is stored. */
  readonly action: DecideAction;
  /** Whether the decision was made before and is only repeated here. */
  readonly repeated: boolean;
  /** Whether a fallback was possible but for its gate, which an earlier fallback of this step and prefix request had taken. */
  readonly gateTaken: boolean;
  readonly wakeUps: readonly WakeUp[];
}

export interface RetryScheduleCommand {
  readonly node: NodeRef;
  readonly delayMs: number;
  readonly maxAttempts: number;
}

export interface TerminateCommand {
  readonly runId: string;
  /** One module; without it the whole task. */
  readonly moduleId?: string;
  readonly reason: string;
}

export interface ReplayCommand {
  readonly node: NodeRef;
  /** Whether later phases run again when this one is empty. */
  readonly rejoin: boolean;
}

export interface ReplayOutcome {
  readonly code: CodeOf<typeof ReplayCode>;
  readonly wakeUps: readonly WakeUp[];
}

export interface ErrorTransitions {
  /**
   * Records the failure of an execution; the node waits for its decision.
   *
   * - Requires: a held lease, or an expired one if nobody took over.
   * - Refuses: in this order: FENCING_REJECT, the node is unknown or the token is another; ERROR_ALREADY_EMITTED, the
   *   node is failed; FENCING_REJECT, the node is not processing or a mark has ended it.
   * - Changes: processing to failed with the error, due after the decision grace; the event ErrorTaskProduced, once per
   *   node and epoch.
   * - Answers: ERROR_EMIT_OK.
   * - Again: ERROR_ALREADY_EMITTED.
   */
  commitError(commit: CommitErrorCommand): Promise<CodeOf<typeof CommitErrorCode>>;
  /**
   * Decides about a failure, once per node and epoch, and acts on it.
   *
   * - Requires: a policy computed by the caller: budgets, thresholds, delay, whether to fall back.
   * - Refuses: nothing by code: CONTINUE with action `none` when the node is unknown, not failed in this epoch, or
   *   ended by a mark.
   * - Changes: the first that applies. Fallback, where the request is of the same open phase, neither dead nor
   *   releasing, and its gate is unused: the hop is dead, `superseded`, and the request, if done, pending in its next
   *   epoch; no error is counted. Otherwise one error and one execution are counted, and a cool-down may begin. The
   *   module's threshold, then the task's, over the run and what its task has counted beside it: the node is dead,
   *   `terminated`, and the scope marked. Attempts left and not
   *   fatal: retry, in the next epoch. Else the node is dead, `failed`, with the event DeadLettered, and empty scopes
   *   close.
   * - Answers: CONTINUE, RETRY_AFTER, TERMINATE_MODULE or TERMINATE_TASK, the action, and wake-ups of the request or of
   *   what opened.
   * - Again: the stored decision of that epoch, `repeated`, without wake-ups; also long after.
   */
  thresholdDecide(decide: DecideCommand): Promise<DecideOutcome>;
  /**
   * Schedules a manual retry of a node that waits for its decision; never called after a decision.
   *
   * - Requires: a failed node.
   * - Refuses: RETRY_NOT_ALLOWED for a node that is unknown, not failed or ended by a mark; then MAX_RETRY_EXCEEDED.
   * - Changes: failed to retry, in the next epoch, due after the delay; no error is counted.
   * - Answers: RETRY_SCHEDULED.
   * - Again: RETRY_NOT_ALLOWED.
   */
  retrySchedule(retry: RetryScheduleCommand): Promise<CodeOf<typeof RetryCode>>;
  /**
   * Marks a module, or the whole task: from now on nothing of it is claimed and nothing commits.
   *
   * - Requires: nothing; nodes are not touched.
   * - Refuses: ALREADY_TERMINATED when the run is not open or marked, or the module is not open.
   * - Changes: sets the mark with its reason; its open nodes are due to be drained at once.
   * - Answers: TERMINATED.
   * - Again: ALREADY_TERMINATED.
   */
  terminateMark(terminate: TerminateCommand): Promise<CodeOf<typeof TerminateCode>>;
  /**
   * Re-opens a dead node with fresh budgets, and lifts the marks of its module and run.
   *
   * - Requires: a dead node that no fallback replaced.
   * - Refuses: in this order: UNKNOWN_NODE, also for a run that is being purged; NOT_REPLAYABLE; DRAINING, while nodes of
   *   marks or a deadline are left to drain.
   * - Changes: dead to pending in the next epoch, attempts and crashes 0; errors of module and run count from 0; an
   *   ended run is open again. In a closed phase the node stays open as re-opened, and a join that fired stays fired,
   *   unless `rejoin` takes the module back to this phase. Empty scopes close.
   * - Answers: REPLAYED with the wake-ups of the node and of what opened.
   * - Again: NOT_REPLAYABLE: the node is open.
   */
  replay(replay: ReplayCommand): Promise<ReplayOutcome>;
}
