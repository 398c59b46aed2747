/** What waits in a coordinator, for its metrics. The figures are those of the whole deployment, whoever reads them. */
export interface Backlog {
  /** How long the oldest entry that a sweeper could take has been due, in milliseconds; 0 when nothing is. */
  oldestOverdueMs(): Promise<number>;
  /** How many responses are in the reorder buffer. In Redis only those of {@link MAX_BUFFERED_RUNS} runs are counted. */
  bufferedResponses(): Promise<number>;
}

/** Runs whose reorder buffers are counted; more would cost Redis a call each. */
export const MAX_BUFFERED_RUNS = 2_000;
