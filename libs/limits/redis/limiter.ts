import type { Clock } from '../../clock/clock.ts';
import type { Share } from '../../concurrency/fair-queue.ts';
import type { Timers } from '../../concurrency/timers.ts';
import { Gates } from '../gates.ts';
import {
  abortedWait,
  type KeyLimits,
  type KeySnapshot,
  type Limiter,
  type LimitsByKey,
  type Permit,
  type Place,
} from '../limiter.ts';
import { SharedGate } from './shared-gate.ts';
import { lookAt, type TakeOptions, takerOf } from './take.ts';

export interface RedisLimiterOptions extends LimitsByKey, TakeOptions {
  readonly clock: Clock;
  readonly timers: Timers;
}

/**
 * Limits over all processes that share a Redis. A start is granted up to a tenth of a second ahead of its time. A delay that
 * another process sets applies to all starts granted after it. The permits of a dead process end with their lease. A process that
 * could not renew them in time (Redis did not answer) may exceed the limit until it releases them.
 */
export class RedisLimiter implements Limiter {
  readonly #gates: Gates<SharedGate>;
  readonly #clock: Clock;
  readonly #options: TakeOptions;

  constructor(options: RedisLimiterOptions) {
    const { clock, timers, leaseMs } = options;
    this.#clock = clock;
    this.#options = options;
    this.#gates = new Gates(
      options,
      (key, limits) => new SharedGate(limits, { clock, timers, leaseMs, take: takerOf(key, options) }),
      (gate) => gate.isForgettable(clock.monotonic()),
    );
  }

  acquire(key: string, signal: AbortSignal, place?: Place, share?: Share): Promise<Permit> {
    if (signal.aborted) return Promise.reject(abortedWait(signal));
    const gate = this.#gates.of(key);
    const permit = gate.tryStart(place);
    return permit === undefined ? gate.wait(signal, place, share) : Promise.resolve(permit);
  }

  /** Uses a start that was already granted to this process; never calls Redis. */
  tryAcquire(key: string, place?: Place): Permit | undefined {
    return this.#gates.find(key)?.tryStart(place);
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
    const looks = keys.map(async (key) => ({ key, ...(await lookAt(key, this.#gates.limitsOf(key), this.#options)) }));
    return (await Promise.all(looks)).flatMap(({ key, waiting, inFlight, nextInMs }) => {
      if (waiting === 0 && inFlight === 0 && nextInMs === 0) return [];
      return [{ key, waiting, inFlight, nextAtMs: nextInMs > 0 ? this.#clock.now() + nextInMs : undefined }];
    });
  }

  /** Resolves when no call to Redis is running. */
  async quiet(): Promise<void> {
    for (let calls = this.#calls(); calls.length > 0; calls = this.#calls()) await Promise.all(calls);
  }

  /** Calls Redis no more, and releases all permits. Waiting callers wait until their signals abort. Idempotent. */
  async close(): Promise<void> {
    await Promise.all([...this.#gates].map(([, gate]) => gate.close()));
  }

  #calls(): Promise<void>[] {
    return [...this.#gates].flatMap(([, gate]) => gate.call ?? []);
  }
}
