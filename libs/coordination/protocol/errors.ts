/** How an execution ends badly, and what becomes of its node. */
import type { Held } from './claims.ts';
import type { NodeRef } from './node.ts';
import type { Bell, CodeOf } from './outcome.ts';

export const CommitErrorCode = { ERROR_EMIT_OK: 0, ERROR_ALREADY_EMITTED: 1, FENCING_REJECT: 2 } as const;

export const DecideCode = { CONTINUE: 0, RETRY_AFTER: 1, TERMINATE_MODULE: 2, TERMINATE_TASK: 3 } as const;

export const RetryCode = { RETRY_SCHEDULED: 0, RETRY_NOT_ALLOWED: 1, MAX_RETRY_EXCEEDED: 2 } as const;

export const TerminateCode = { TERMINATED: 0, ALREADY_TERMINATED: 1 } as const;

export const ReplayCode = { REPLAYED: 0, NOT_REPLAYABLE: 1, DRAINING: 2, UNKNOWN_NODE: 3 } as const;

export interface CommitErrorCommand extends Held {
  /** The failure as JSON; opaque. */
  readonly error: string;
}

/** A threshold, inclusive: a rate over a minimum number of executions, or an absolute number of errors. */
export type Threshold = { readonly rate: number; readonly minExecutions: number } | { readonly errors: number };

export interface DecideCommand {
  readonly node: NodeRef;
  readonly epoch: number;
  /** No further attempt, whatever the budget. */
  readonly fatal: boolean;
  readonly maxAttempts: number;
  /** How long a retry waits; the caller has applied back-off, jitter and Retry-After. */
  readonly retryDelayMs: number;
  readonly moduleThreshold: Threshold;
  readonly taskThreshold: Threshold;
  /** After so many errors of the module in a row, nothing of it is claimed for a while. */
  readonly cooldown?: { readonly errors: number; readonly ms: number };
  /** Try a fallback first: parse this request again, and supersede the hop. */
  readonly fallback?: { readonly request: NodeRef };
}

export type DecideAction = 'dead' | 'retry' | 'fallback' | 'terminated' | 'none';

export interface DecideOutcome {
  readonly code: CodeOf<typeof DecideCode>;
  /** `none`: the node was not waiting for a decision, and none is stored. */
  readonly action: DecideAction;
  /** Whether the decision had been made before and is only repeated here. */
  readonly repeated: boolean;
  readonly bells: readonly Bell[];
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
  /** Later phases run again once this one is empty. */
  readonly rejoin: boolean;
}

export interface ReplayOutcome {
  readonly code: CodeOf<typeof ReplayCode>;
  readonly bells: readonly Bell[];
}

export interface ErrorTransitions {
  /** Ends an execution badly: the node waits for its decision. */
  commitError(commit: CommitErrorCommand): Promise<CodeOf<typeof CommitErrorCode>>;
  /** Decides about a failure once per node and epoch, and acts on it. */
  thresholdDecide(decide: DecideCommand): Promise<DecideOutcome>;
  /** A retry by hand of a node that waits for its decision. */
  retrySchedule(retry: RetryScheduleCommand): Promise<CodeOf<typeof RetryCode>>;
  /** Marks a module or the whole task: from now on nothing of it is claimed. */
  terminateMark(terminate: TerminateCommand): Promise<CodeOf<typeof TerminateCode>>;
  /** Re-opens a dead node, with fresh budgets and its scope's marks lifted. */
  replay(replay: ReplayCommand): Promise<ReplayOutcome>;
}
