import { type Clock, systemClock } from '../clock/clock.ts';
import type { Share } from '../concurrency/fair-queue.ts';
import { systemTimers, type Timers } from '../concurrency/timers.ts';
import { Gates } from './gates.ts';
import { KeyGate } from './key-gate.ts';
import {
  abortedWait,
  type KeyLimits,
  type KeySnapshot,
  type Limiter,
  type LimitsByKey,
  type Permit,
  type Place,
} from './limiter.ts';

export type { KeyLimits, KeySnapshot, Permit } from './limiter.ts';

export interface RateLimiterOptions extends LimitsByKey {
  readonly clock?: Clock;
  readonly timers?: Timers;
  /** How long an idle key keeps its minimum interval, in milliseconds. */
  readonly forgetAfterMs?: number;
}

const DEFAULT_FORGET_AFTER_MS = 600_000;

/** Limits within one process. */
export class RateLimiter implements Limiter {
  readonly #gates: Gates<KeyGate>;
  readonly #clock: Clock;

  constructor(options: RateLimiterOptions) {
    const { clock = systemClock, timers = systemTimers, forgetAfterMs = DEFAULT_FORGET_AFTER_MS } = options;
    this.#clock = clock;
    this.#gates = new Gates(
      options,
      (_, limits) => new KeyGate(limits, clock, timers),
      (gate) => gate.isForgettable(clock.monotonic(), forgetAfterMs),
    );
  }

  acquire(key: string, signal: AbortSignal, place?: Place, share?: Share): Promise<Permit> {
    if (signal.aborted) return Promise.reject(abortedWait(signal));
    const gate = this.#gates.of(key);
    const permit = gate.tryStart(place);
    return permit === undefined ? gate.wait(signal, place, share) : Promise.resolve(permit);
  }

  tryAcquire(key: string, place?: Place): Permit | undefined {
    return this.#gates.of(key).tryStart(place);
  }

  waitAheadMs(key: string): number {
    return this.#gates.of(key).waitAheadMs();
  }

  postpone(key: string): number {
    return this.#gates.of(key).postpone();
  }

  delay(key: string, untilMs: number): void {
    const waitMs = untilMs - this.#clock.now();
    if (waitMs > 0 && waitMs < Number.POSITIVE_INFINITY) this.#gates.of(key).delay(this.#clock.monotonic() + waitMs);
  }

  setMinInterval(key: string, ms: number): void {
    if (ms >= 0 && ms < Number.POSITIVE_INFINITY) this.#gates.of(key).setMinInterval(ms);
  }

  setLimits(key: string, limits: Partial<KeyLimits>): void {
    this.#gates.setLimits(key, limits);
  }

  waiting(key: string): number {
    return this.#gates.find(key)?.waiting ?? 0;
  }

  /** Number of keys in memory. */
  get size(): number {
    return this.#gates.size;
  }

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

  async look(keys: readonly string[]): Promise<KeySnapshot[]> {
    return this.snapshot().filter(({ key }) => keys.includes(key));
  }
}
