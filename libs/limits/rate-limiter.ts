import { type Clock, systemClock } from '../clock/clock.ts';
import { abortedWait, KeyGate, type KeyLimits, type Permit } from './key-gate.ts';
import { systemTimers, type Timers } from './timers.ts';

export type { KeyLimits, Permit } from './key-gate.ts';

export interface RateLimiterOptions {
  /** For every key that has none of its own. */
  readonly defaults: KeyLimits;
  /** By key; what is left out is taken from the defaults. */
  readonly overrides?: Readonly<Record<string, Partial<KeyLimits>>>;
  readonly clock?: Clock;
  readonly timers?: Timers;
  /** How long an idle key's minimum interval is remembered, in milliseconds. */
  readonly forgetAfterMs?: number;
}

/** What a key is doing, for display. */
export interface KeySnapshot {
  readonly key: string;
  readonly waiting: number;
  readonly inFlight: number;
  /** Unix milliseconds before which nobody starts; undefined when time does not hold anybody up. */
  readonly nextAtMs: number | undefined;
}

const DEFAULT_FORGET_AFTER_MS = 600_000;
/** Below this many keys nothing is swept. */
const MIN_SWEEP_SIZE = 1_024;

/**
 * Limits of rate and concurrency by key (a host, say), within one process. A limit delays, it never drops: whoever waits
 * gets a permit in the end, in the order of asking, unless its own signal gives up.
 */
export class RateLimiter {
  readonly #gates = new Map<string, KeyGate>();
  readonly #overrides: Map<string, Partial<KeyLimits>>;
  readonly #defaults: KeyLimits;
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #forgetAfterMs: number;
  #sweepAtSize = MIN_SWEEP_SIZE;

  constructor(options: RateLimiterOptions) {
    this.#defaults = options.defaults;
    this.#overrides = new Map(Object.entries(options.overrides ?? {}));
    this.#clock = options.clock ?? systemClock;
    this.#timers = options.timers ?? systemTimers;
    this.#forgetAfterMs = options.forgetAfterMs ?? DEFAULT_FORGET_AFTER_MS;
  }

  /** A permit as soon as the key's limits and those who asked before allow. Rejects with `limits.aborted`. */
  acquire(key: string, signal: AbortSignal): Promise<Permit> {
    if (signal.aborted) return Promise.reject(abortedWait(signal));
    const gate = this.#gate(key);
    const permit = gate.tryStart();
    return permit === undefined ? gate.wait(signal) : Promise.resolve(permit);
  }

  /** A permit if nobody waits for the key and it may go now. */
  tryAcquire(key: string): Permit | undefined {
    return this.#gate(key).tryStart();
  }

  /** Nobody of the key starts before `untilMs` (Unix milliseconds): a Retry-After. Never shortens an earlier delay. */
  delay(key: string, untilMs: number): void {
    const waitMs = untilMs - this.#clock.now();
    if (waitMs > 0 && waitMs < Number.POSITIVE_INFINITY) this.#gate(key).delay(this.#clock.monotonic() + waitMs);
  }

  /** At least this long between two starts of the key, beside its rate: a Crawl-delay. 0 takes it back. */
  setMinInterval(key: string, ms: number): void {
    if (ms >= 0 && ms < Number.POSITIVE_INFINITY) this.#gate(key).setMinInterval(ms);
  }

  /** Gives a key limits of its own from now on; what is left out is taken from the defaults. */
  setLimits(key: string, limits: Partial<KeyLimits>): void {
    this.#overrides.set(key, limits);
    this.#gates.get(key)?.setLimits(this.#limitsOf(key));
  }

  /** How many wait for the key. */
  waiting(key: string): number {
    return this.#gates.get(key)?.waiting ?? 0;
  }

  /** How many keys are remembered. */
  get size(): number {
    return this.#gates.size;
  }

  /** Every key that is not idle. */
  snapshot(): KeySnapshot[] {
    const nowMs = this.#clock.monotonic();
    const keys: KeySnapshot[] = [];
    for (const [key, gate] of this.#gates) {
      const { waiting, inFlight } = gate;
      const waitMs = gate.nextStartMs - nowMs;
      if (waiting === 0 && inFlight === 0 && waitMs <= 0) continue;
      keys.push({ key, waiting, inFlight, nextAtMs: waitMs > 0 ? this.#clock.now() + waitMs : undefined });
    }
    return keys;
  }

  #gate(key: string): KeyGate {
    let gate = this.#gates.get(key);
    if (gate === undefined) {
      if (this.#gates.size >= this.#sweepAtSize) this.#sweep();
      gate = new KeyGate(this.#limitsOf(key), this.#clock, this.#timers);
      this.#gates.set(key, gate);
    }
    return gate;
  }

  #limitsOf(key: string): KeyLimits {
    const own = this.#overrides.get(key);
    return own === undefined ? this.#defaults : { ...this.#defaults, ...own };
  }

  /** Forgets idle keys; the next look is when twice as many as are left have come, so its cost is spread over them. */
  #sweep(): void {
    const nowMs = this.#clock.monotonic();
    for (const [key, gate] of this.#gates) {
      if (gate.isForgettable(nowMs, this.#forgetAfterMs)) this.#gates.delete(key);
    }
    this.#sweepAtSize = Math.max(MIN_SWEEP_SIZE, 2 * this.#gates.size);
  }
}
