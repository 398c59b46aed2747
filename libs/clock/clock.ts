/** Time as a dependency, so that tests control it. */
export interface Clock {
  /** Unix milliseconds; may jump. For records and for the coordinator's own arithmetic. */
  now(): number;
  /** Milliseconds of a clock that never jumps. For local deadlines. */
  monotonic(): number;
}

export const systemClock: Clock = { now: () => Date.now(), monotonic: () => performance.now() };

/** A clock for tests, which moves only when told. */
export class ManualClock implements Clock {
  #now: number;

  constructor(startMs = 1_700_000_000_000) {
    this.#now = startMs;
  }

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#now;
  }

  advance(ms: number): void {
    this.#now += ms;
  }
}
