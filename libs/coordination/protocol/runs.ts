/** How a run is opened, paused, cancelled, closed, audited and purged. */
import type { Caps } from '../../contracts/caps.ts';
import type { NodeSeed } from './node.ts';
import type { CodeOf, WithWakeUps } from './outcome.ts';

/** The codes that each transition answers, by name. The numbers are the contract with the Lua scripts. */

/** What `runOpen` answers. */
export const RunOpenCode = {
  /** The run, its modules, its phases and its first hops exist. Caller: sends the wake-ups. */
  OPENED: 0,
  /**
   * A run of this id is open; nothing was changed.
   * Caller: continues as after OPENED; the sweeper sends wake-ups that were lost with the first answer.
   */
  ALREADY_OPEN: 1,
  /**
   * A run of this id is closing or closed.
   * Caller: drops the message; to execute again it uses a new run id, or replays nodes.
   */
  RUN_CLOSED: 2,
} as const;

/** What `runControl` answers. */
export const ControlCode = {
  /**
   * The run is paused, resumed, or marked as cancelled.
   * Caller: does nothing more: resumed nodes, and nodes that a cancel must end, are due at once.
   */
  DONE: 0,
  /** The run is in that state already, or a mark ends it. Caller: reports that nothing was done. */
  NO_CHANGE: 1,
  /** The run is unknown, closing or closed. Caller: reports that the run is over. */
  RUN_CLOSED: 2,
} as const;

/** What `runSettle` answers. */
export const SettleCode = {
  /** The run is closed; the sweeper ignores it from now on. Caller: may purge it when its retention is over. */
  SETTLED: 0,
  /**
   * The run is unknown, still open, or closed already.
   * Caller: does nothing: a run that is open again is closed at its next end.
   */
  NOT_CLOSING: 1,
} as const;

/** When the next phase starts: `settle` always; `failFast` if no node died; a threshold if at most so many died. */
export type JoinPolicy =
  | { readonly kind: 'settle' }
  | { readonly kind: 'failFast' }
  | { readonly kind: 'threshold'; readonly maxDead?: number; readonly maxDeadRate?: number };

export interface PhasePlan {
  /** The hop that opens the phase, if its first step is a compute step. */
  readonly opener?: NodeSeed;
  readonly join: JoinPolicy;
  /** When the phase is closed even if nodes are open. */
  readonly deadlineAtMs?: number;
}

export interface ModulePlan {
  readonly moduleId: string;
  /** At least one. */
  readonly phases: readonly PhasePlan[];
  /** The module's first hops; all of the first phase or later. */
  readonly first: readonly NodeSeed[];
  /** When the later phases open once on what there is, in Unix milliseconds. */
  readonly earlyAtMs?: number;
  /** The steps that make requests, whose hops a cap on pages or bytes leaves out; needed with such a cap. */
  readonly fetchSteps?: readonly number[];
}

export interface RunOpenCommand {
  readonly runId: string;
  /** The task of the run, for its events; default: the run is a task of its own. */
  readonly taskId?: string;
  readonly modules: readonly ModulePlan[];
  /** The coordinator counts all but the depth, which a commit says. */
  readonly caps?: Caps;
}

export interface PurgeCommand {
  readonly runId: string;
  /** Number of nodes at most. */
  readonly limit: number;
}

export interface PurgeOutcome {
  readonly deleted: number;
  readonly more: boolean;
}

export interface AuditReport {
  readonly nodes: number;
  /** One line per counter or index entry that disagreed with the nodes; empty when all agreed. */
  readonly drift: readonly string[];
}

export interface RunTransitions {
  /**
   * Opens a run with its modules and first hops.
   *
   * - Requires: a plan with at least one phase per module; first hops in phases of their module, at most {@link
   *   MAX_CHILDREN} per module.
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
   * - Refuses: RUN_CLOSED when the run is not open, then NO_CHANGE when a mark ends it or it is in that state already.
   * - Changes: a pause hides its phases from the sweeper, a resume shows them again, all due now; deadlines keep running
   *   in a pause. A cancel is a mark.
   * - Answers: DONE.
   * - Again: NO_CHANGE.
   */
  runControl(control: {
    readonly runId: string;
    readonly action: 'pause' | 'resume' | 'cancel';
  }): Promise<CodeOf<typeof ControlCode>>;
  /**
   * Records that the end of a run is in the store.
   *
   * - Requires: that the end (its row, dead letters, timeline) was written, idempotently.
   * - Refuses: NOT_CLOSING when the run is not closing.
   * - Changes: closing to closed.
   * - Answers: SETTLED.
   * - Again: NOT_CLOSING.
   */
  runSettle(settle: { readonly runId: string }): Promise<CodeOf<typeof SettleCode>>;
  /**
   * Counts a run's nodes, and corrects its counters and due entries accordingly.
   *
   * - Requires: nothing. A run that changes while it is counted is counted again; in Redis `coordination.audit_unsettled`
   *   (retryable) is thrown after five tries.
   * - Refuses: nothing; an unknown run has no nodes and no drift.
   * - Changes: corrects wrong counters, and missing or extra entries of the due sets.
   * - Answers: how many nodes there are, and one line per disagreement.
   * - Again: an empty list: the first call repaired.
   */
  runAudit(audit: { readonly runId: string }): Promise<AuditReport>;
  /**
   * Deletes a batch of a closed run's nodes and, when none is left, the run.
   *
   * - Requires: that the retention of the run is over: its late messages would find an unknown run.
   * - Refuses: a run that is not closed: nothing is deleted, and the answer says that nothing is left.
   * - Changes: deletes nodes, their staged children and, in the end, all keys and rows of the run. From the first batch on
   *   replays are refused.
   * - Answers: how many nodes were deleted, and whether to call again.
   * - Again: the next batch; in the end none.
   */
  runPurge(purge: PurgeCommand): Promise<PurgeOutcome>;
}
