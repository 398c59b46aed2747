/** How a phase is closed by force, and what a mark left behind is ended. */
import type { CodeOf, WithBells } from './outcome.ts';

export const PhaseCloseCode = { CLOSED: 0, ALREADY_CLOSED: 1 } as const;

export const DrainCode = { DRAINED: 0, NOTHING_TO_DRAIN: 1 } as const;

export interface PhaseCloseCommand {
  readonly runId: string;
  readonly moduleId: string;
  readonly phase: number;
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

export interface PhaseTransitions {
  /** A phase's deadline has passed: mark it, and start the next one on what there is. */
  phaseClose(close: PhaseCloseCommand): Promise<WithBells<CodeOf<typeof PhaseCloseCode>>>;
  /** Ends a batch of nodes of a marked scope. */
  scopeDrain(drain: DrainCommand): Promise<DrainOutcome>;
}
