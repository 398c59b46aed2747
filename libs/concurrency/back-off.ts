export interface BackOff {
  /** The first wait, in milliseconds. */
  readonly baseMs: number;
  /** The longest wait, in milliseconds. */
  readonly maxMs: number;
  /** By which each wait is longer than the one before; default 2. */
  readonly factor?: number;
}

/** No number of failures that a process lives to see, and no power that is not a number. */
const MOST_STEPS = 30;

/**
 * How long to wait after so many failures in a row: min(max, base · factor^failures), in milliseconds. 0 failures give the
 * first wait. Jitter is the caller's: full for what many do at once, none where one caller waits.
 */
export function backOffMs({ baseMs, maxMs, factor = 2 }: BackOff, failures: number): number {
  return Math.min(maxMs, baseMs * factor ** Math.min(Math.max(0, failures), MOST_STEPS));
}
