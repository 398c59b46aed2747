/** When too many answers of late were inconsistent to be left alone. */

export type ConsistencyGrade = 'ok' | 'warning' | 'critical';

/** Answers that the grade looks back on: an old burst must neither hide a new one nor be held against what is well. */
export const WINDOW_CHECKS = 1_000;
/** Below so many answers a single one would decide. */
export const MIN_CHECKS = 100;
/** Shares of consistent answers below which an alert is raised … */
export const WARNING_BELOW = 0.99;
export const CRITICAL_BELOW = 0.95;
/** … and from which on it is over: a little higher, so that it does not come and go. */
export const RECOVERED_FROM = 0.995;

/** The last {@link WINDOW_CHECKS} answers. */
export class RecentChecks {
  readonly #ring = new Uint8Array(WINDOW_CHECKS);
  #count = 0;
  #inconsistent = 0;

  add(isConsistent: boolean): void {
    const place = this.#count % WINDOW_CHECKS;
    const flag = isConsistent ? 0 : 1;
    this.#inconsistent += flag - (this.#ring[place] ?? 0);
    this.#ring[place] = flag;
    this.#count += 1;
  }

  /** Answers in the window. */
  get checks(): number {
    return Math.min(this.#count, WINDOW_CHECKS);
  }

  /** Of these the consistent share; 1 without any. */
  get ratio(): number {
    return this.checks === 0 ? 1 : (this.checks - this.#inconsistent) / this.checks;
  }
}

/** The grade that follows a grade. Between the bounds of warning and recovery it stays what it is. */
export function gradeOf(
  { checks, ratio }: Pick<RecentChecks, 'checks' | 'ratio'>,
  before: ConsistencyGrade,
): ConsistencyGrade {
  if (checks < MIN_CHECKS) return before;
  if (ratio < CRITICAL_BELOW) return 'critical';
  if (ratio < WARNING_BELOW) return before === 'critical' ? 'critical' : 'warning';
  return ratio >= RECOVERED_FROM ? 'ok' : before;
}
