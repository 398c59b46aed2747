/** Counts the steps of loops over an answer, so that a test can hold them to a multiple of its length. */
export interface Meter {
  steps: number;
}

/** A meter for those who do not look at it. */
export function unread(): Meter {
  return { steps: 0 };
}
