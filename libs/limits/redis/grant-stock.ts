/** A start that is unused this long after its time expires: it could cause a burst, or ignore a delay set since. */
const STALE_AFTER_MS = 250;

/** Granted starts, each with its time, in order. All times are of the monotonic clock. */
export class GrantStock {
  #dueMs: number[] = [];
  #clears = 0;

  get size(): number {
    return this.#dueMs.length;
  }

  /** How often it was cleared; grants before the last time are void. */
  get clears(): number {
    return this.#clears;
  }

  /** Infinity when it is empty. */
  get nextDueMs(): number {
    return this.#dueMs[0] ?? Number.POSITIVE_INFINITY;
  }

  /** When its next start expires; infinity when it is empty. */
  get staleAtMs(): number {
    return this.nextDueMs + STALE_AFTER_MS;
  }

  /** Adds starts, the first at `firstMs`. */
  add(firstMs: number, spacingMs: number, count: number): void {
    for (let at = 0; at < count; at++) this.#dueMs.push(firstMs + at * spacingMs);
  }

  /** Uses a start whose time has come, if any. */
  takeDue(nowMs: number): boolean {
    this.dropStale(nowMs);
    if (this.nextDueMs > nowMs) return false;
    this.#dueMs.shift();
    return true;
  }

  /** Drops all but the first so many. */
  keepFirst(count: number): void {
    if (this.#dueMs.length > count) this.#dueMs.length = count;
  }

  dropStale(nowMs: number): void {
    while (this.staleAtMs <= nowMs) this.#dueMs.shift();
  }

  clear(): void {
    this.#dueMs = [];
    this.#clears += 1;
  }
}
