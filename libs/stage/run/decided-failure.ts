import type { DecideAction } from '../../coordination/protocol/errors.ts';

/** A failure of a node, and what was decided about it. */
export interface DecidedFailure {
  readonly runId: string;
  readonly stepIdx: number;
  readonly code: string;
  readonly message: string;
  readonly action: DecideAction;
  /** Executions of the node so far. */
  readonly attempts: number;
  /** How long a retry waits, in milliseconds. */
  readonly retryInMs: number;
}
