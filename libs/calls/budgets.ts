/** The budgets of one call. What passes one is a failure of the call's node, never a lost lease. */

export interface CallBudgets {
  /** Emissions of a step; a `start` may yield any number. */
  readonly emissions: number;
  /** Characters of JSON that a step may emit; a `start` may emit any number. */
  readonly emissionChars: number;
  /** Characters of JSON of one item or state. */
  readonly valueChars: number;
}

export const DEFAULT_CALL_BUDGETS: CallBudgets = {
  emissions: 100_000,
  emissionChars: 64 * 1024 * 1024,
  valueChars: 1024 * 1024,
};
