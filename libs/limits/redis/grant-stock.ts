/** A start that was not used so long after its time is given up: it would be a burst, or pass over a delay set since. */
const STALE_AFTER_MS = 250;

/** Starts that were granted, each for its time, in their order. All times are of the monotonic clock. */
export class GrantStock {
  #dueMs: number[] = [];
  #clears = 0;

  get size(): number {
    return this.#dueMs.length;
  }

  /** How often it was cleared: what was granted before the last time is void. */
  get clears(): number {
    return this.#clears;
  }

  /** Infinity when it is empty. */
  get nextDueMs(): number {
    return this.#dueMs[0] ?? Number.POSITIVE_INFINITY;
  }

  /** When its next start is given up; infinity when it is empty. */
  get staleAtMs(): number {
    return this.nextDueMs + STALE_AFTER_MS;
  }

  /** So many starts, the first at `firstMs`. */
  add(firstMs: number, spacingMs: number, count: number): void {
    for (let at = 0; at < count; at++) this.#dueMs.push(firstMs + at * spacingMs);
  }

  /** Uses a start whose time has come, if there is one. */
  takeDue(nowMs: number): boolean {
    this.dropStale(nowMs);
    if (this.nextDueMs > nowMs) return false;
    this.#dueMs.shift();
    return true;
  }

  /** Gives up all but the first so many. */
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
