import type { Share } from '../concurrency/fair-queue.ts';
import { CatenaError } from '../errors/catena-error.ts';

/** The limits of one key; 0 means unlimited. */
export interface KeyLimits {
  readonly requestsPerSecond: number;
  /** Permits out at the same time. */
  readonly concurrency: number;
}

/** The right to send one request. Release it in a `finally`; releasing it twice is harmless. */
export interface Permit {
  release(): void;
  /**
   * The holder waits for another key. Work that has begun may use its room here; work that has not begun waits until the permit
   * is released. So while a redirect waits for its target, its source host starts no further pages. Idempotent.
   */
  stepAside?(): void;
}

/** The use of a key, for display. */
export interface KeySnapshot {
  readonly key: string;
  readonly waiting: number;
  readonly inFlight: number;
  /** Unix milliseconds before which nothing starts; undefined when no time limit applies now. */
  readonly nextAtMs: number | undefined;
}

/** Limits: the default for keys without their own, and by key. */
export interface LimitsByKey {
  readonly defaults: KeyLimits;
  /** Missing fields come from the defaults. */
  readonly overrides?: Readonly<Record<string, Partial<KeyLimits>>>;
}

/** The position among the waiting callers of a key: last, or ahead of those that wait as last. */
export type Place = 'last' | 'ahead';

/**
 * Limits of rate and concurrency by key (a host, for example): within one process, or over all processes that share a Redis. A
 * limit delays and never drops: each caller gets a permit in the end, unless its signal aborts. Within the process runs take turns
 * ({@link Share}), and the callers of one run come in call order. Work that has begun goes `ahead` of work that has not, because it holds a lease and a slot while it waits.
 */
export interface Limiter {
  /** Waits for a permit: for the key's limits and the callers before. Rejects with `limits.aborted`. Default: a share of nobody's. */
  acquire(key: string, signal: AbortSignal, place?: Place, share?: Share): Promise<Permit>;
  /** Returns a permit if nobody waits before and this process knows that one is available now. */
  tryAcquire(key: string, place?: Place): Permit | undefined;
  /** How long a caller `ahead` would wait for the key's rate, in milliseconds; concurrency may add to it. */
  waitAheadMs(key: string): number;
  /**
   * Returns a retry delay in milliseconds, for a caller that cannot wait {@link waitAheadMs}. Each call returns a later time,
   * by the spacing of the key, so that retries are spread.
   */
  postpone(key: string): number;
  /** Blocks the key until `untilMs` (Unix milliseconds): a Retry-After. Never shortens an earlier delay. */
  delay(key: string, untilMs: number): void;
  /** Sets the least time between two starts of the key, beside its rate: a Crawl-delay. 0 removes it. */
  setMinInterval(key: string, ms: number): void;
  /** Sets limits of a key; missing fields come from the defaults. */
  setLimits(key: string, limits: Partial<KeyLimits>): void;
  /** Number of waiting callers of the key in this process. */
  waiting(key: string): number;
  /** All keys that are not idle in this process. */
  snapshot(): KeySnapshot[];
  /** Those of the keys that are not idle in some process that shares the limits. Throws `limits.unavailable`. */
  look(keys: readonly string[]): Promise<KeySnapshot[]>;
}

/** The longest delay of a Node timer. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** Counts the permits of a key. */
export interface PermitCount {
  steppedAside(): void;
  released(hadSteppedAside: boolean): void;
}

/** A permit that reports each of its changes once. */
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

/** The error of a wait whose signal aborted. */
export function abortedWait(signal: AbortSignal): CatenaError {
  return new CatenaError('limits.aborted', 'the wait for a rate limit was aborted', {
    class: 'retryable',
    cause: signal.reason,
  });
}
