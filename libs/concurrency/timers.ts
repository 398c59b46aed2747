import type { ManualClock } from '../clock/clock.ts';

/** One-shot timers as a dependency, so that tests control when they fire. */
export interface Timers {
  /** Calls back once, `delayMs` from now. Returns a handle for {@link Timers.clear}. */
  set(callback: () => void, delayMs: number): unknown;
  /** Clears a timer; fired and unknown ones are ignored. */
  clear(handle: unknown): void;
}

export const systemTimers: Timers = {
  set: (callback, delayMs) => setTimeout(callback, delayMs),
  clear: (handle) => clearTimeout(handle as NodeJS.Timeout),
};

/** Timers for tests, which fire only while {@link ManualTimers.advance} moves their clock. */
export class ManualTimers implements Timers {
  readonly #clock: ManualClock;
  readonly #pending = new Map<number, { readonly atMs: number; readonly callback: () => void }>();
  #lastHandle = 0;

  constructor(clock: ManualClock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#pending.size;
  }

  /** The clock's time at which the next timer fires; undefined when none is set. */
  get nextAtMs(): number | undefined {
    return this.#earliest()?.atMs;
  }

  set(callback: () => void, delayMs: number): number {
    this.#lastHandle += 1;
    this.#pending.set(this.#lastHandle, { atMs: this.#clock.monotonic() + delayMs, callback });
    return this.#lastHandle;
  }

  clear(handle: unknown): void {
    this.#pending.delete(handle as number);
  }

  /** Moves the clock and fires due timers in order; promise callbacks of each timer run before the next one fires. */
  async advance(ms: number): Promise<void> {
    await turnsOver();
    const untilMs = this.#clock.monotonic() + ms;
    for (let next = this.#earliest(); next !== undefined && next.atMs <= untilMs; next = this.#earliest()) {
      this.#clock.advance(Math.max(0, next.atMs - this.#clock.monotonic()));
      this.#pending.delete(next.handle);
      next.callback();
      await turnsOver();
    }
    this.#clock.advance(untilMs - this.#clock.monotonic());
    await turnsOver();
  }

  #earliest(): { handle: number; atMs: number; callback: () => void } | undefined {
    let earliest: { handle: number; atMs: number; callback: () => void } | undefined;
    for (const [handle, timer] of this.#pending) {
      if (earliest === undefined || timer.atMs < earliest.atMs) earliest = { handle, ...timer };
    }
    return earliest;
  }
}

/** Lets pending promise callbacks run, a few links deep. */
async function turnsOver(): Promise<void> {
  for (let turn = 0; turn < 4; turn++) await Promise.resolve();
}
