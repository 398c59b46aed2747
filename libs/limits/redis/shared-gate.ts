import type { Clock } from '../../clock/clock.ts';
import { backOffMs } from '../../concurrency/back-off.ts';
import type { Share } from '../../concurrency/fair-queue.ts';
import type { Timers } from '../../concurrency/timers.ts';
import { CountedPermit, type KeyLimits, MAX_TIMER_MS, type Permit, type PermitCount, type Place } from '../limiter.ts';
import { type PermitWaiters, WaitList, waitForPermit } from '../wait-list.ts';
import { GrantStock } from './grant-stock.ts';
import type { TakeFromRedis } from './take.ts';

export interface SharedGateDeps {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly take: TakeFromRedis;
  /** Permits of a holder that is silent for this long are released, in milliseconds. */
  readonly leaseMs: number;
}

/** Extra starts that are requested for a key without limits, so that most starts need no call. */
const SPARE_STARTS = 32;
/** The most starts per call. */
const MAX_WANTED = 64;
const ASK_AGAIN = { baseMs: 100, maxMs: 2_000 };
const NEVER = Number.NEGATIVE_INFINITY;

/**
 * The queue of one key in this process, which is one holder among others. Redis decides who starts and when. One call at a time
 * asks for all waiting callers here, and its answer tells how long the rest must wait. Each call reports all permits held, so
 * that the next one corrects a call that was lost or sent twice. While Redis does not answer, nothing starts.
 */
export class SharedGate {
  readonly #deps: SharedGateDeps;
  readonly #waiters: PermitWaiters = new WaitList();
  readonly #stock = new GrantStock();
  #limits: KeyLimits;
  #inFlight = 0;
  /** Permits whose holders stepped aside: Redis does not count them, but new work in this process must not use their room. */
  #aside = 0;
  /** The last report to Redis. */
  #noted = { holding: 0, wants: 0, atMs: NEVER };
  /** Changes that are not reported to Redis yet. */
  #owedDelayMs = NEVER;
  #owedIntervalMs: number | undefined;
  #intervalMs = 0;
  /** Time between two starts of all processes, by the last answer of Redis. */
  #spacingMs = 0;
  #notBeforeMs = NEVER;
  #nextSlotMs = NEVER;
  #askAtMs = NEVER;
  /** The latest retry time that {@link postpone} has returned. */
  #postponedToMs = NEVER;
  #failures = 0;
  #retryAtMs = NEVER;
  #call: Promise<void> | undefined;
  #timer: unknown;
  #closed = false;

  constructor(limits: KeyLimits, deps: SharedGateDeps) {
    this.#limits = limits;
    this.#deps = deps;
  }

  get waiting(): number {
    return this.#waiters.size;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** The earliest time of the next start, as far as this process knows. */
  get nextStartMs(): number {
    return Math.max(this.#notBeforeMs, this.#nextSlotMs);
  }

  /** The running call; it never rejects. */
  get call(): Promise<void> | undefined {
    return this.#call;
  }

  /** Uses an unused granted start; never overtakes a waiting caller before it. */
  tryStart(place: Place = 'last'): Permit | undefined {
    const mayGo = place === 'ahead' ? this.#waiters.ahead === 0 : this.#waiters.size === 0 && this.#room > 0;
    return mayGo && this.#stock.takeDue(this.#deps.clock.monotonic()) ? this.#start() : undefined;
  }

  /** Waits for a turn. Rejects with `limits.aborted` when the signal aborts first. */
  wait(signal: AbortSignal, place?: Place, share?: Share): Promise<Permit> {
    const permit = waitForPermit(this.#waiters, { signal, place, share, onLeft: () => this.#look() });
    this.#look();
    return permit;
  }

  /** How long a caller that goes ahead waits from now, as far as this process knows, regardless of concurrency. */
  waitAheadMs(): number {
    const nowMs = this.#deps.clock.monotonic();
    return Math.max(0, this.nextStartMs - nowMs) + this.#waiters.ahead * this.#spacingMs;
  }

  /** Returns a wait after which to retry instead; each call in this process returns a later time. */
  postpone(): number {
    const nowMs = this.#deps.clock.monotonic();
    this.#postponedToMs = Math.max(nowMs + this.waitAheadMs(), this.#postponedToMs + this.#spacingMs);
    return this.#postponedToMs - nowMs;
  }

  /** Blocks the starts of all processes until `untilMs`; never shortens an earlier block. */
  delay(untilMs: number): void {
    if (untilMs <= this.#notBeforeMs) return;
    this.#notBeforeMs = untilMs;
    this.#owedDelayMs = untilMs;
    this.#stock.clear();
    this.#look();
  }

  setMinInterval(ms: number): void {
    if (ms === (this.#owedIntervalMs ?? this.#intervalMs)) return;
    this.#owedIntervalMs = ms;
    this.#stock.clear();
    this.#look();
  }

  setLimits(limits: KeyLimits): void {
    const { requestsPerSecond, concurrency } = this.#limits;
    if (limits.requestsPerSecond === requestsPerSecond && limits.concurrency === concurrency) return;
    this.#limits = limits;
    this.#stock.clear();
    this.#askAtMs = NEVER;
    this.#look();
  }

  isForgettable(nowMs: number): boolean {
    const isIdle = this.#inFlight + this.#aside === 0 && this.#waiters.size === 0 && this.#stock.size === 0;
    return (
      isIdle &&
      this.#call === undefined &&
      !this.#owes(nowMs) &&
      nowMs >= Math.max(this.nextStartMs, this.#postponedToMs)
    );
  }

  /** Calls Redis no more, and releases all permits. Idempotent. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#deps.timers.clear(this.#timer);
    await this.#call;
    this.#stock.clear();
    if (this.#noted.holding <= this.#holding) return;
    this.#noted = { ...this.#noted, holding: this.#holding };
    await this.#deps
      .take({ ...this.#limits, holding: this.#holding, wanted: 0, delayMs: 0, intervalMs: undefined })
      .catch(
        // The lease of the permits runs out.
        () => undefined,
      );
  }

  /** Permits in use and unused granted starts; not counted without a concurrency limit. */
  get #holding(): number {
    return this.#limits.concurrency > 0 ? this.#inFlight + this.#stock.size : 0;
  }

  /** How many callers with new work may start, if Redis grants it. */
  get #room(): number {
    const { concurrency } = this.#limits;
    if (concurrency === 0 || this.#aside === 0) return Number.POSITIVE_INFINITY;
    return Math.max(0, concurrency - this.#inFlight - this.#aside);
  }

  /** Number of callers that wait only for Redis. */
  get #asking(): number {
    const { ahead, size } = this.#waiters;
    return ahead + Math.min(size - ahead, this.#room);
  }

  get #lacking(): number {
    return Math.max(0, this.#asking - this.#stock.size);
  }

  #start(): Permit {
    this.#inFlight += 1;
    return new CountedPermit(this.#permits);
  }

  readonly #permits: PermitCount = {
    steppedAside: () => {
      this.#inFlight -= 1;
      this.#aside += 1;
      this.#look();
    },
    released: (hadSteppedAside) => {
      if (hadSteppedAside) this.#aside -= 1;
      else this.#inFlight -= 1;
      this.#look();
    },
  };

  /** Starts the callers that may start, requests more starts if needed, and sets the timer for the next check. */
  #look(): void {
    if (this.#closed) return;
    const nowMs = this.#deps.clock.monotonic();
    this.#stock.dropStale(nowMs);
    while (this.#asking > 0 && this.#stock.takeDue(nowMs)) this.#waiters.take()?.(this.#start());
    // A start with a fixed time is not kept for later: the next start would follow too soon.
    if (this.#spacingMs > 0) this.#stock.keepFirst(this.#asking);
    const lacks = this.#lacking > 0 && nowMs >= Math.max(this.#askAtMs, this.#notBeforeMs);
    if (this.#call === undefined && nowMs >= this.#retryAtMs && (lacks || this.#owes(nowMs))) {
      this.#call = this.#ask(nowMs);
    }
    this.#arm(nowMs);
  }

  /** Whether something must be reported to Redis, even if nobody waits. */
  #owes(nowMs: number): boolean {
    if (this.#owedDelayMs > nowMs || this.#owedIntervalMs !== undefined) return true;
    if (this.#holding < this.#noted.holding || (this.#noted.wants > 0 && this.#asking === 0)) return true;
    return nowMs >= this.#renewAtMs;
  }

  get #renewAtMs(): number {
    return this.#holding > 0 ? this.#noted.atMs + this.#deps.leaseMs / 3 : Number.POSITIVE_INFINITY;
  }

  async #ask(nowMs: number): Promise<void> {
    const { clock, take } = this.#deps;
    const { requestsPerSecond, concurrency } = this.#limits;
    const isUnlimited = requestsPerSecond === 0 && concurrency === 0 && this.#intervalMs === 0;
    const lacking = nowMs >= this.#notBeforeMs ? this.#lacking : 0;
    const wanted = Math.min(MAX_WANTED, lacking + (isUnlimited && lacking > 0 ? SPARE_STARTS : 0));
    const [holding, owedUntilMs, intervalMs] = [this.#holding, this.#owedDelayMs, this.#owedIntervalMs];
    const clears = this.#stock.clears;
    const delayMs = Math.max(0, owedUntilMs - nowMs);
    this.#noted = { holding, wants: wanted, atMs: nowMs };
    try {
      const taken = await take({ requestsPerSecond, concurrency, holding, wanted, delayMs, intervalMs });
      const atMs = clock.monotonic();
      this.#noted = {
        holding: holding + (concurrency > 0 ? taken.granted : 0),
        wants: wanted - taken.granted,
        atMs: nowMs,
      };
      if (this.#owedDelayMs === owedUntilMs) this.#owedDelayMs = NEVER;
      if (this.#owedIntervalMs === intervalMs) this.#owedIntervalMs = undefined;
      this.#intervalMs = taken.intervalMs;
      this.#spacingMs = taken.spacingMs;
      this.#failures = 0;
      this.#retryAtMs = NEVER;
      if (taken.blockedMs > 0) this.#notBeforeMs = Math.max(this.#notBeforeMs, atMs + taken.blockedMs);
      this.#nextSlotMs = taken.spacingMs === 0 ? NEVER : atMs + taken.firstInMs + taken.granted * taken.spacingMs;
      // Callers that came during the call are served by the next one.
      if (this.#stock.clears === clears) this.#stock.add(atMs + taken.firstInMs, taken.spacingMs, taken.granted);
      this.#askAtMs = taken.waitMs > 0 ? atMs + taken.waitMs : NEVER;
    } catch {
      // It is unknown what Redis did, so the next call reports all permits again.
      this.#noted = { holding: Number.POSITIVE_INFINITY, wants: wanted, atMs: nowMs };
      this.#retryAtMs = clock.monotonic() + backOffMs(ASK_AGAIN, this.#failures);
      this.#failures += 1;
    }
    this.#call = undefined;
    this.#look();
  }

  #arm(nowMs: number): void {
    this.#deps.timers.clear(this.#timer);
    this.#timer = undefined;
    const times = [this.#asking > 0 ? this.#stock.nextDueMs : this.#stock.staleAtMs];
    if (this.#call === undefined) {
      const lackAtMs = this.#lacking > 0 ? Math.max(this.#askAtMs, this.#notBeforeMs) : Number.POSITIVE_INFINITY;
      const askAtMs = this.#owes(nowMs) ? nowMs : Math.min(lackAtMs, this.#renewAtMs);
      times.push(Math.max(this.#retryAtMs, askAtMs));
    }
    const atMs = Math.min(...times);
    if (atMs === Number.POSITIVE_INFINITY) return;
    const delayMs = Math.min(Math.ceil(Math.max(0, atMs - nowMs)), MAX_TIMER_MS);
    this.#timer = this.#deps.timers.set(() => this.#look(), delayMs);
  }
}
