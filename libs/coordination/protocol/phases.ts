/** How a phase is closed at its deadline, how later phases open early, and how the nodes of an ended scope are drained. */
import type { CodeOf, WakeUp, WithWakeUps } from './outcome.ts';

/** What `phaseClose` answers. */
export const PhaseCloseCode = {
  /** The phase is closed by its deadline and the next one is open. Caller: sends the wake-ups. */
  CLOSED: 0,
  /** The phase is not the one that is open, or a mark has ended the module or the run. Caller: does nothing. */
  ALREADY_CLOSED: 1,
} as const;

/** What `earlyOpen` answers. */
export const EarlyOpenCode = {
  /** The later phases open on what there is, while the current one stays open. Caller: sends the wake-ups. */
  OPENED: 0,
  /**
   * They have opened before; or no later phase begins with a compute step, the join does not hold, or the module has ended.
   * Caller: does nothing.
   */
  NOT_OPENED: 1,
} as const;

/** What `scopeDrain` answers. */
export const DrainCode = {
  /** A batch of nodes is dead. Caller: sends the wake-ups, and calls again while there is more. */
  DRAINED: 0,
  /** No node of the phase is left to drain. Caller: stops. */
  NOTHING_TO_DRAIN: 1,
} as const;

export interface PhaseCloseCommand {
  readonly runId: string;
  readonly moduleId: string;
  readonly phase: number;
}

export interface EarlyOpenCommand {
  readonly runId: string;
  readonly moduleId: string;
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
  /** Of what opened, because nothing is left of the phase. */
  readonly wakeUps: readonly WakeUp[];
}

export const NOTHING_DRAINED: DrainOutcome = {
  code: DrainCode.NOTHING_TO_DRAIN,
  ended: 0,
  more: false,
  wakeUps: [],
};

export interface PhaseTransitions {
  /**
   * Closes a phase whose deadline has passed, and opens the next one with the existing results.
   *
   * - Requires: that the deadline has passed, as `dueTake` said.
   * - Refuses: ALREADY_CLOSED when the run is not open or is marked, the module is not open, or the phase is not its
   *   current one or is closed.
   * - Changes: the phase is closed, `deadline`; none of its nodes is claimed or commits from now on, and the sweeper drains
   *   it. The next phase opens at once; phases, module and run close if they are empty.
   * - Answers: CLOSED with the wake-ups of what opened.
   * - Again: ALREADY_CLOSED.
   */
  phaseClose(close: PhaseCloseCommand): Promise<WithWakeUps<CodeOf<typeof PhaseCloseCode>>>;
  /**
   * Opens the later phases of a module once on what is committed, while the current phase stays open.
   *
   * - Requires: that the time has come, as `dueTake` said.
   * - Refuses: NOT_OPENED when the run is not open or is marked, the module is not open, has opened early before, or has no
   *   later phase that begins with a compute step, or when the join of the current phase does not hold.
   * - Changes: the next phase is open beside the current one, and its opener exists; when it is empty, the one after it opens, and
   *   so on. A phase that is empty so far does not close. A hop that the current phase yields into these phases from now on
   *   waits for their last opening. When the current phase closes, the later ones open again in turn: each opener is executed again in
   *   its next epoch, also one that is executed now, and so are the compute hops that it yields again.
   * - Answers: OPENED with the wake-ups of what opened.
   * - Again: NOT_OPENED.
   */
  earlyOpen(open: EarlyOpenCommand): Promise<WithWakeUps<CodeOf<typeof EarlyOpenCode>>>;
  /**
   * Drains a batch of nodes of a scope that a mark or a deadline has ended, or of those that a cap of their run leaves out.
   *
   * - Requires: nothing; the caller may be late.
   * - Refuses: NOTHING_TO_DRAIN when the run is not open, nothing has ended the phase and no cap leaves anything out, or no node
   *   is left.
   * - Changes: the nodes are dead: `cancelled`, `terminated`, `deadline_exceeded` or `left_out`. Re-opened nodes of a closed phase
   *   stay open, unless the scope is marked. A cap leaves out what waits, and nothing that is executed now. Phases, module and run close if they are empty.
   * - Answers: DRAINED, how many ended, whether to call again, and the wake-ups of what opened.
   * - Again: the next batch, in the end NOTHING_TO_DRAIN.
   */
  scopeDrain(drain: DrainCommand): Promise<DrainOutcome>;
}
