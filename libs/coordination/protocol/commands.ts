/** What each transition takes and answers. Times are milliseconds; instants are Unix milliseconds on the coordinator's clock. */
import type {
  ClaimCode,
  CodeOf,
  CommitCode,
  DecideCode,
  DrainCode,
  PumpCode,
  RecoverCode,
  ReorderCode,
  ReplayCode,
} from './codes.ts';
import type { ChainNode, DeathReason, NodeRef, NodeSeed } from './node.ts';

/** When the next phase starts: `settle` always; `failFast` if no node died; a threshold if at most so many died. */
export type JoinPolicy =
  | { readonly kind: 'settle' }
  | { readonly kind: 'failFast' }
  | { readonly kind: 'threshold'; readonly maxDead?: number; readonly maxDeadRate?: number };

export interface PhasePlan {
  /** The hop that opens the phase when its first step is a compute step. */
  readonly opener?: NodeSeed;
  readonly join: JoinPolicy;
  /** When the phase is closed by force. */
  readonly deadlineAtMs?: number;
}

export interface ModulePlan {
  readonly moduleId: string;
  /** At least one. */
  readonly phases: readonly PhasePlan[];
  /** The module's first hops; all of the first phase or later. */
  readonly first: readonly NodeSeed[];
}

export interface RunOpenCommand {
  readonly runId: string;
  readonly modules: readonly ModulePlan[];
}

export interface ClaimCommand {
  readonly node: NodeRef;
  /** The epoch that the message names. An older one than the node's is stale; a newer one is only a bell. */
  readonly epoch: number;
  /** Unique per attempt, never per process: a repeated call with the same owner answers the stored outcome. */
  readonly owner: string;
  /** The parser also takes a `fetched` node, and a pending one whose response it already holds. */
  readonly stage: 'module-processor' | 'downloader' | 'parser';
  readonly leaseMs: number;
}

export interface ClaimOutcome {
  readonly code: CodeOf<typeof ClaimCode>;
  /** With EXECUTE: the node as claimed, its token set. */
  readonly node?: ChainNode;
  /** With LOCKED_BY_OTHER: until the node is due. */
  readonly retryInMs?: number;
}

/** A held lease: what a holder presents. */
export interface Held {
  readonly node: NodeRef;
  readonly token: string;
}

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

export const MAX_CHILDREN = 500;

/** A node for which a message is to be sent. `kind` names the message's subject. */
export interface Bell {
  readonly kind: 'parser_task' | 'request' | 'error_task' | 'error';
  readonly node: NodeRef;
  readonly stepIdx: number;
  readonly prefixRequest: string;
  readonly epoch: number;
  /** With the node's id the message's id. */
  readonly dispatch: number;
  readonly attempts: number;
  readonly nodeKind: NodeSeed['kind'];
  readonly limitKey: string;
  /** The recorded failure as JSON: with `error` and `error_task`. */
  readonly error: string;
}

/** A response that came before its node was known, and now has one. */
export interface ReleasedResponse {
  readonly node: NodeRef;
  readonly response: string;
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

export interface CommitErrorCommand extends Held {
  /** The failure as JSON; opaque. */
  readonly error: string;
}

export interface RecoverCommand {
  readonly node: NodeRef;
  /** The node dies when it has lost this many leases. */
  readonly crashBudget: number;
}

export interface RecoverOutcome {
  readonly code: CodeOf<typeof RecoverCode>;
  /** With RECOVERED: whether the crash budget is spent. */
  readonly died: boolean;
  readonly bells: readonly Bell[];
}

export interface ReorderCommand {
  readonly node: NodeRef;
  readonly epoch: number;
  readonly response: string;
}

export interface ReorderOutcome {
  readonly code: CodeOf<typeof ReorderCode>;
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

export interface DrainCommand {
  readonly runId: string;
  readonly moduleId: string;
  readonly phase: number;
  readonly limit: number;
}

export interface DrainOutcome {
  readonly code: CodeOf<typeof DrainCode>;
  readonly ended: number;
  readonly more: boolean;
}

export interface PhaseCloseCommand {
  readonly runId: string;
  readonly moduleId: string;
  readonly phase: number;
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

/** Transitions that may open a phase answer the bells of what it holds. */
export interface WithBells<Code> {
  readonly code: Code;
  readonly bells: readonly Bell[];
}

export interface PurgeCommand {
  readonly runId: string;
  /** At most so many nodes. */
  readonly limit: number;
}

export interface PurgeOutcome {
  readonly deleted: number;
  readonly more: boolean;
}

export interface EventFilter {
  readonly runId: string;
  readonly afterSeq: number;
  readonly limit: number;
}

/** An event of a run's timeline; `seq` orders them. */
export interface TimelineEvent {
  readonly seq: number;
  readonly id: string;
  readonly type: string;
  readonly atMs: number;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface NodeFilter {
  readonly runId: string;
  readonly state?: ChainNode['state'];
  readonly deathReason?: DeathReason;
  readonly limit: number;
  /** Continue behind the node with this id. */
  readonly after?: string;
}

export interface AuditReport {
  readonly nodes: number;
  /** One line per counter or index entry that disagreed with the nodes; empty when all is well. */
  readonly drift: readonly string[];
}
