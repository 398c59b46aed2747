/** Grades the share of consistent responses among the latest ones. */

export type ConsistencyGrade = 'ok' | 'warning' | 'critical';

/** How many of the latest responses the grade covers, so that an old burst neither hides a new one nor counts for ever. */
export const WINDOW_CHECKS = 1_000;
/** With fewer responses a single one would decide. */
export const MIN_CHECKS = 100;
/** Shares of consistent answers below which an alert is raised … */
export const WARNING_BELOW = 0.99;
export const CRITICAL_BELOW = 0.95;
/** … and the share from which on it is resolved: a little higher, so that the alert does not flap. */
export const RECOVERED_FROM = 0.995;

/** The last {@link WINDOW_CHECKS} responses. */
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

  /** Responses in the window. */
  get checks(): number {
    return Math.min(this.#count, WINDOW_CHECKS);
  }

  /** The consistent share of these; 1 if there are none. */
  get ratio(): number {
    return this.checks === 0 ? 1 : (this.checks - this.#inconsistent) / this.checks;
  }
}

/** The next grade. Between the bounds of warning and recovery it does not change. */
export function gradeOf(
  { checks, ratio }: Pick<RecentChecks, 'checks' | 'ratio'>,
  before: ConsistencyGrade,
): ConsistencyGrade {
  if (checks < MIN_CHECKS) return before;
  if (ratio < CRITICAL_BELOW) return 'critical';
  if (ratio < WARNING_BELOW) return before === 'critical' ? 'critical' : 'warning';
  return ratio >= RECOVERED_FROM ? 'ok' : before;
}
