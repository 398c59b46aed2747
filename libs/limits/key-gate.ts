import type { Clock } from '../clock/clock.ts';
import type { Share } from '../concurrency/fair-queue.ts';
import type { Timers } from '../concurrency/timers.ts';
import { CountedPermit, type KeyLimits, MAX_TIMER_MS, type Permit, type PermitCount, type Place } from './limiter.ts';
import { type PermitWaiters, WaitList, waitForPermit } from './wait-list.ts';

/**
 * The queue of one key: starts are spaced evenly (no bursts, so no window of t seconds has more than rate × t + 1), in the
 * order of the calls. All times are of the monotonic clock.
 */
export class KeyGate {
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #waiters: PermitWaiters = new WaitList();
  #limits: KeyLimits;
  #minIntervalMs = 0;
  /** The distance between two starts, by the limits and the minimum interval; 0: none. */
  #spacingMs = 0;
  #lastStartMs = Number.NEGATIVE_INFINITY;
  #notBeforeMs = Number.NEGATIVE_INFINITY;
  #touchedMs = Number.NEGATIVE_INFINITY;
  /** The latest retry time that {@link postpone} has returned. */
  #postponedToMs = Number.NEGATIVE_INFINITY;
  #inFlight = 0;
  /** Permits whose holders have stepped aside. */
  #aside = 0;
  #timer: unknown;

  constructor(limits: KeyLimits, clock: Clock, timers: Timers) {
    this.#clock = clock;
    this.#timers = timers;
    this.#limits = limits;
    this.#respace();
  }

  get waiting(): number {
    return this.#waiters.size;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** The earliest time of the next start, regardless of concurrency; minus infinity without a rate. */
  get nextStartMs(): number {
    const spaced = this.#spacingMs === 0 ? Number.NEGATIVE_INFINITY : this.#lastStartMs + this.#spacingMs;
    return Math.max(spaced, this.#notBeforeMs);
  }

  /** Starts at once, or returns undefined; never overtakes a waiting caller before it. */
  tryStart(place: Place = 'last'): Permit | undefined {
    const before = place === 'ahead' ? this.#waiters.ahead : this.#waiters.size;
    return before === 0 && this.#mayStart(place) ? this.#start() : undefined;
  }

  /** Waits for a turn. Rejects with `limits.aborted` when the signal aborts first. */
  wait(signal: AbortSignal, place?: Place, share?: Share): Promise<Permit> {
    const onLeft = (): void => {
      if (this.#waiters.size === 0) this.#disarm();
    };
    const permit = waitForPermit(this.#waiters, { signal, place, share, onLeft });
    this.#arm();
    return permit;
  }

  /** How long a caller that goes ahead waits from now, regardless of concurrency. */
  waitAheadMs(): number {
    return Math.max(0, this.nextStartMs - this.#clock.monotonic()) + this.#waiters.ahead * this.#spacingMs;
  }

  /** Returns a wait after which to retry instead; each call returns a later time. */
  postpone(): number {
    const nowMs = this.#clock.monotonic();
    this.#postponedToMs = Math.max(nowMs + this.waitAheadMs(), this.#postponedToMs + this.#spacingMs);
    return this.#postponedToMs - nowMs;
  }

  /** Blocks all starts until `untilMs`; never shortens an earlier block. */
  delay(untilMs: number): void {
    this.#notBeforeMs = Math.max(this.#notBeforeMs, untilMs);
    this.#touchedMs = this.#clock.monotonic();
  }

  setMinInterval(ms: number): void {
    this.#touchedMs = this.#clock.monotonic();
    if (ms === this.#minIntervalMs) return;
    this.#minIntervalMs = ms;
    this.#respace();
  }

  setLimits(limits: KeyLimits): void {
    const { requestsPerSecond, concurrency } = this.#limits;
    if (limits.requestsPerSecond === requestsPerSecond && limits.concurrency === concurrency) return;
    this.#limits = limits;
    this.#respace();
  }

  /** Whether a new gate would behave the same: no permits are out, and no time is left to wait for. */
  isForgettable(nowMs: number, forgetAfterMs: number): boolean {
    if (this.#inFlight + this.#aside > 0 || this.#waiters.size > 0 || nowMs < this.nextStartMs) return false;
    if (nowMs < this.#postponedToMs) return false;
    const lastUsedMs = Math.max(this.#lastStartMs, this.#touchedMs);
    return this.#minIntervalMs === 0 || nowMs - lastUsedMs > forgetAfterMs;
  }

  #respace(): void {
    const { requestsPerSecond } = this.#limits;
    this.#spacingMs = Math.max(requestsPerSecond > 0 ? 1_000 / requestsPerSecond : 0, this.#minIntervalMs);
    this.#disarm();
    this.#admit();
  }

  #mayStart(place: Place): boolean {
    if (this.#isFull(place)) return false;
    const nextStartMs = this.nextStartMs;
    return nextStartMs === Number.NEGATIVE_INFINITY || this.#clock.monotonic() >= nextStartMs;
  }

  #isFull(place: Place): boolean {
    const { concurrency } = this.#limits;
    return concurrency > 0 && (place === 'ahead' ? this.#inFlight : this.#inFlight + this.#aside) >= concurrency;
  }

  #start(): Permit {
    this.#inFlight += 1;
    // An unlimited key need not read the clock.
    if (this.#spacingMs > 0) this.#lastStartMs = this.#clock.monotonic();
    return new CountedPermit(this.#permits);
  }

  readonly #permits: PermitCount = {
    steppedAside: () => {
      this.#inFlight -= 1;
      this.#aside += 1;
      if (this.#waiters.size > 0) this.#admit();
    },
    released: (hadSteppedAside) => {
      if (hadSteppedAside) this.#aside -= 1;
      else this.#inFlight -= 1;
      if (this.#waiters.size > 0) this.#admit();
    },
  };

  /** The position of the next waiting caller. */
  get #next(): Place {
    return this.#waiters.ahead > 0 ? 'ahead' : 'last';
  }

  /** Starts the callers that may start, then sets the timer for the next one. */
  #admit(): void {
    while (this.#waiters.size > 0 && this.#mayStart(this.#next)) this.#waiters.take()?.(this.#start());
    if (this.#waiters.size === 0) this.#disarm();
    else this.#arm();
  }

  /** One timer for the whole key. A key that waits for concurrency needs none: a released permit triggers the check. */
  #arm(): void {
    if (this.#timer !== undefined || this.#isFull(this.#next)) return;
    // The time may have come since it was computed: then the timer fires at once, because nothing else triggers the check.
    const waitMs = Math.max(0, this.nextStartMs - this.#clock.monotonic());
    this.#timer = this.#timers.set(
      () => {
        this.#timer = undefined;
        this.#admit();
      },
      Math.min(Math.ceil(waitMs), MAX_TIMER_MS),
    );
  }

  #disarm(): void {
    if (this.#timer === undefined) return;
    this.#timers.clear(this.#timer);
    this.#timer = undefined;
  }
}
