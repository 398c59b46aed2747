export interface BackOff {
  /** The first wait, in milliseconds. */
  readonly baseMs: number;
  /** The longest wait, in milliseconds. */
  readonly maxMs: number;
  /** Factor between two waits; default 2. */
  readonly factor?: number;
}

/** Bounds the exponent: more failures than a process can see, and still a finite power. */
const MOST_STEPS = 30;

/**
 * The wait after so many failures in a row: min(max, base · factor^failures), in milliseconds. 0 failures give the first wait.
 * The caller adds jitter: full if many wait at the same time, none for a single caller.
 */
export function backOffMs({ baseMs, maxMs, factor = 2 }: BackOff, failures: number): number {
  return Math.min(maxMs, baseMs * factor ** Math.min(Math.max(0, failures), MOST_STEPS));
}
