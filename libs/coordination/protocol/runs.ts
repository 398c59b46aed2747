/** How a run opens, is paused and cancelled, ends, and is forgotten. */
import type { NodeSeed } from './node.ts';
import type { CodeOf, WithWakeUps } from './outcome.ts';

/** The codes that each transition answers, by name. The numbers are the contract with the Lua scripts. */

/** What `runOpen` answers. */
export const RunOpenCode = {
  /** The run, its modules, its phases and its first hops exist. Caller: sends the wake-ups. */
  OPENED: 0,
  /**
   * A run of this id is open; nothing was changed.
   * Caller: goes on as after OPENED; the sweeper sends the wake-ups that the first call may have lost.
   */
  ALREADY_OPEN: 1,
  /**
   * A run of this id is closing or closed.
   * Caller: drops the message; to run again it takes a new run id, or replays nodes.
   */
  RUN_CLOSED: 2,
} as const;

/** What `runControl` answers. */
export const ControlCode = {
  /**
   * The run is paused, goes on, or is marked as cancelled.
   * Caller: needs to do nothing more: what a resume lets go, and what a cancel has to end, is due at once.
   */
  DONE: 0,
  /** The run is so already, or a mark ends it. Caller: reports that nothing was to be done. */
  NO_CHANGE: 1,
  /** The run is unknown, closing or closed. Caller: reports that the run is over. */
  RUN_CLOSED: 2,
} as const;

/** What `runSettle` answers. */
export const SettleCode = {
  /** The run is closed; nobody looks at it any more. Caller: may purge it once its retention is over. */
  SETTLED: 0,
  /**
   * The run is unknown, still open, or closed already.
   * Caller: does nothing: if it is open again, its next end asks again.
   */
  NOT_CLOSING: 1,
} as const;

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

export interface PurgeCommand {
  readonly runId: string;
  /** At most so many nodes. */
  readonly limit: number;
}

export interface PurgeOutcome {
  readonly deleted: number;
  readonly more: boolean;
}

export interface AuditReport {
  readonly nodes: number;
  /** One line per counter or index entry that disagreed with the nodes; empty when all is well. */
  readonly drift: readonly string[];
}

export interface RunTransitions {
  /**
   * Opens a run with its modules and first hops.
   *
   * - Requires: a plan with at least one phase a module; first hops in phases that their module has, at most {@link
   *   MAX_CHILDREN} a module.
   * - Refuses: ALREADY_OPEN or RUN_CLOSED when the run id is known. Throws `coordination.too_many_children`,
   *   `coordination.phase_out_of_range` or, in Redis, `coordination.malformed_name` before anything is written.
   * - Changes: stores the run, its modules, phases and first hops, and the event TaskAccepted; the first phases open,
   *   and empty ones close at once.
   * - Answers: OPENED with the wake-ups of all first hops.
   * - Again: ALREADY_OPEN without wake-ups; the first hops are due after their dispatch grace.
   */
  runOpen(open: RunOpenCommand): Promise<WithWakeUps<CodeOf<typeof RunOpenCode>>>;
  /**
   * Pauses, resumes or cancels a run.
   *
   * - Requires: nothing; nodes are not touched, so the size of the run does not matter.
   * - Refuses: RUN_CLOSED when the run is not open, then NO_CHANGE when a mark ends it or it is so already.
   * - Changes: a pause takes its phases from the sweeper, a resume gives them back, all due now; deadlines go on in a
   *   pause. A cancel is a mark.
   * - Answers: DONE.
   * - Again: NO_CHANGE.
   */
  runControl(control: {
    readonly runId: string;
    readonly action: 'pause' | 'resume' | 'cancel';
  }): Promise<CodeOf<typeof ControlCode>>;
  /**
   * Notes that the end of a run stands in the store.
   *
   * - Requires: that the end (its row, dead letters, timeline) was written, idempotently.
   * - Refuses: NOT_CLOSING when the run is not closing.
   * - Changes: closing to closed.
   * - Answers: SETTLED.
   * - Again: NOT_CLOSING.
   */
  runSettle(settle: { readonly runId: string }): Promise<CodeOf<typeof SettleCode>>;
  /**
   * Counts a run's nodes and sets its counters and due entries to what they say.
   *
   * - Requires: nothing. A run that moves while it is counted is counted again; in Redis `coordination.audit_unsettled`
   *   (retryable) is thrown after five tries.
   * - Refuses: nothing; an unknown run has no nodes and no drift.
   * - Changes: counters that drifted, and entries of the due sets that are missing or left over.
   * - Answers: how many nodes there are, and one line per disagreement.
   * - Again: an empty list: the first call repaired.
   */
  runAudit(audit: { readonly runId: string }): Promise<AuditReport>;
  /**
   * Forgets a batch of a closed run's nodes and, when none is left, the run.
   *
   * - Requires: that the retention of the run is over: messages of it may still be under way, and would find a run that
   *   is unknown.
   * - Refuses: a run that is not closed: nothing is deleted and nothing is left to do.
   * - Changes: deletes nodes, what they staged and, in the end, every key and row of the run. From the first batch on
   *   no replay is taken.
   * - Answers: how many nodes were deleted, and whether to call again.
   * - Again: the next batch; in the end none.
   */
  runPurge(purge: PurgeCommand): Promise<PurgeOutcome>;
}
