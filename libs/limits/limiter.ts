import { CatenaError } from '../errors/catena-error.ts';

/** What one key may do. 0 means unlimited for either. */
export interface KeyLimits {
  readonly requestsPerSecond: number;
  /** Permits out at the same time. */
  readonly concurrency: number;
}

/** The right to be under way. Give it back in a `finally`; giving it back twice is harmless. */
export interface Permit {
  release(): void;
  /**
   * The holder waits for another key. Work that has begun may use its room here; work that has not begun waits until the permit
   * is released. So while a redirect waits for its target, its source host starts no further pages. Idempotent.
   */
  stepAside?(): void;
}

/** What a key is doing, for display. */
export interface KeySnapshot {
  readonly key: string;
  readonly waiting: number;
  readonly inFlight: number;
  /** Unix milliseconds before which nobody starts; undefined when time does not hold anybody up. */
  readonly nextAtMs: number | undefined;
}

/** Whose limits they are: of every key that has none of its own, and by key. */
export interface LimitsByKey {
  readonly defaults: KeyLimits;
  /** What is left out is taken from the defaults. */
  readonly overrides?: Readonly<Record<string, Partial<KeyLimits>>>;
}

/** Where somebody stands among those who wait for a key: at the end, or before all who stand there. */
export type Place = 'last' | 'ahead';

/**
 * Limits of rate and concurrency by key (a host, say): within one process, or over all that share a Redis. A limit delays, it
 * never drops: whoever waits gets a permit in the end, in the order of asking within the process, unless its own signal
 * gives up. Work that has begun goes `ahead` of work that has not: it holds a lease and a slot while it waits.
 */
export interface Limiter {
  /** A permit as soon as the key's limits and those who stand before allow. Rejects with `limits.aborted`. */
  acquire(key: string, signal: AbortSignal, place?: Place): Promise<Permit>;
  /** A permit if nobody stands before and it is known here that it may go now. */
  tryAcquire(key: string, place?: Place): Permit | undefined;
  /** How long somebody who asks ahead now waits for the key's time, in milliseconds; permits that are out may add to it. */
  waitAheadMs(key: string): number;
  /**
   * In how many milliseconds to ask again, for somebody who cannot wait {@link waitAheadMs}. Each who is told so is told a later
   * time, by the spacing of the key: they do not come all at once.
   */
  postpone(key: string): number;
  /** Nobody of the key starts before `untilMs` (Unix milliseconds): a Retry-After. Never shortens an earlier delay. */
  delay(key: string, untilMs: number): void;
  /** At least this long between two starts of the key, beside its rate: a Crawl-delay. 0 takes it back. */
  setMinInterval(key: string, ms: number): void;
  /** Gives a key limits of its own from now on; what is left out is taken from the defaults. */
  setLimits(key: string, limits: Partial<KeyLimits>): void;
  /** How many wait for the key in this process. */
  waiting(key: string): number;
  /** Every key that is not idle in this process. */
  snapshot(): KeySnapshot[];
  /** Those of the keys that are not idle in any process that shares the limits. Throws `limits.unavailable`. */
  look(keys: readonly string[]): Promise<KeySnapshot[]>;
}

/** The longest delay that a timer of Node takes as it is. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** Counts the permits of a key. */
export interface PermitCount {
  steppedAside(): void;
  released(hadSteppedAside: boolean): void;
}

/** A permit that tells each of its changes once. */
export class CountedPermit implements Permit {
  #count: PermitCount | undefined;
  #isAside = false;

  constructor(count: PermitCount) {
    this.#count = count;
  }

  stepAside(): void {
    if (this.#isAside || this.#count === undefined) return;
    this.#isAside = true;
    this.#count.steppedAside();
  }

  release(): void {
    const count = this.#count;
    this.#count = undefined;
    count?.released(this.#isAside);
  }
}

/** What a wait ends with when its signal is aborted. */
export function abortedWait(signal: AbortSignal): CatenaError {
  return new CatenaError('limits.aborted', 'the wait for a rate limit was given up', {
    class: 'retryable',
    cause: signal.reason,
  });
}
