/** The calls of author code in one process at one moment, for `explain`, metrics and other processes. */
export interface CallsInFlight {
  /** Workers that run; 0 when the code runs in the main thread. */
  readonly workers: number;
  /** Calls that wait for a worker, and how long the first of them has waited, in milliseconds. */
  readonly queued: number;
  readonly queuedMs: number;
  /** Calls that have begun. */
  readonly begun: number;
  /** The oldest of them first, at most {@link MOST_CALLS}. */
  readonly oldest: readonly CallInFlight[];
}

export interface CallInFlight {
  /** `name@version`. */
  readonly moduleId: string;
  /** The step's name; `start` outside of steps. */
  readonly step: string;
  /** Which function of it: `request`, `parse`, ... */
  readonly fn: string;
  readonly runId?: string | undefined;
  readonly nodeId?: string | undefined;
  readonly url?: string | undefined;
  readonly worker: string;
  /** The time that counts against its budget, and the budget, in milliseconds. */
  readonly ageMs: number;
  readonly budgetMs: number;
}

export const MOST_CALLS = 20;
/** From this age on a call, or its wait for a worker, is told. */
export const LONG_CALL_MS = 1_000;

export const NO_CALLS: CallsInFlight = { workers: 0, queued: 0, queuedMs: 0, begun: 0, oldest: [] };
