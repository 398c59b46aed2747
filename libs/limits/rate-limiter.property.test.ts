import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ManualClock } from '../clock/clock.ts';
import { ManualTimers } from '../concurrency/timers.ts';
import { type KeyLimits, type Permit, RateLimiter } from './rate-limiter.ts';

type Step =
  | { readonly do: 'ask'; readonly key: string }
  | { readonly do: 'try'; readonly key: string }
  | { readonly do: 'abort'; readonly pick: number }
  | { readonly do: 'release'; readonly pick: number }
  | { readonly do: 'delay'; readonly key: string; readonly ms: number }
  | { readonly do: 'pass'; readonly ms: number };

const key = fc.constantFrom('a', 'b');
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ do: fc.constant('ask' as const), key }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('try' as const), key }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('abort' as const), pick: fc.nat(100) }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('release' as const), pick: fc.nat(100) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('delay' as const), key, ms: fc.nat(3_000) }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.nat(900) }) },
  ),
  { maxLength: 80 },
);
const limits: fc.Arbitrary<KeyLimits> = fc.record({
  requestsPerSecond: fc.constantFrom(0, 0.5, 1, 3, 7, 100),
  concurrency: fc.constantFrom(0, 1, 2, 5),
});

interface Ask {
  readonly no: number;
  readonly key: string;
  readonly controller: AbortController;
  state: 'waiting' | 'running' | 'aborted' | 'released';
  permit?: Permit;
}

/** Drives a limiter and notes what it does; every rule is checked where it could be broken. */
class Driver {
  readonly clock = new ManualClock();
  readonly timers = new ManualTimers(this.clock);
  readonly asks: Ask[] = [];
  readonly starts: { key: string; atMs: number }[] = [];
  readonly blockedUntil = new Map<string, number>();
  readonly #limits: KeyLimits;
  readonly limiter: RateLimiter;

  constructor(keyLimits: KeyLimits) {
    this.#limits = keyLimits;
    this.limiter = new RateLimiter({ defaults: keyLimits, clock: this.clock, timers: this.timers });
  }

  async step(step: Step): Promise<void> {
    if (step.do === 'ask') this.#ask(step.key);
    else if (step.do === 'try') this.#try(step.key);
    else if (step.do === 'abort') this.#among('waiting', step.pick)?.controller.abort();
    else if (step.do === 'release') this.release(this.#among('running', step.pick));
    else if (step.do === 'delay') {
      const untilMs = this.clock.now() + step.ms;
      this.limiter.delay(step.key, untilMs);
      this.blockedUntil.set(step.key, Math.max(untilMs, this.blockedUntil.get(step.key) ?? 0));
    } else await this.timers.advance(step.ms);
    await this.timers.advance(0);
  }

  release(ask: Ask | undefined): void {
    if (ask === undefined) return;
    ask.state = 'released';
    ask.permit?.release();
    ask.permit?.release();
  }

  of(state: Ask['state']): Ask[] {
    return this.asks.filter((ask) => ask.state === state);
  }

  #ask(askKey: string): void {
    const ask: Ask = { no: this.asks.length, key: askKey, controller: new AbortController(), state: 'waiting' };
    this.asks.push(ask);
    this.limiter.acquire(askKey, ask.controller.signal).then(
      (permit) => this.#started(ask, permit),
      () => {
        ask.state = 'aborted';
      },
    );
  }

  #try(askKey: string): void {
    const permit = this.limiter.tryAcquire(askKey);
    if (permit === undefined) return;
    const ask: Ask = { no: this.asks.length, key: askKey, controller: new AbortController(), state: 'waiting' };
    this.asks.push(ask);
    this.#started(ask, permit);
  }

  #started(ask: Ask, permit: Permit): void {
    const earlier = this.asks.filter(
      (other) => other.key === ask.key && other.state === 'waiting' && other.no < ask.no,
    );
    // An abort of this same turn may not have been heard of yet.
    expect(earlier.filter((other) => !other.controller.signal.aborted)).toEqual([]);
    ask.state = 'running';
    ask.permit = permit;
    this.starts.push({ key: ask.key, atMs: this.clock.now() });
    const inFlight = this.of('running').filter((other) => other.key === ask.key).length;
    if (this.#limits.concurrency > 0) expect(inFlight).toBeLessThanOrEqual(this.#limits.concurrency);
    expect(this.clock.now()).toBeGreaterThanOrEqual(this.blockedUntil.get(ask.key) ?? 0);
  }

  #among(state: Ask['state'], pick: number): Ask | undefined {
    const asks = this.of(state);
    return asks[pick % Math.max(1, asks.length)];
  }
}

function expectRateHeld(driver: Driver, requestsPerSecond: number): void {
  if (requestsPerSecond === 0) return;
  for (const name of ['a', 'b']) {
    const times = driver.starts.filter((start) => start.key === name).map((start) => start.atMs);
    for (let from = 0; from < times.length; from++) {
      for (let to = from; to < times.length; to++) {
        const windowMs = (times[to] ?? 0) - (times[from] ?? 0);
        expect(to - from + 1).toBeLessThanOrEqual((requestsPerSecond * windowMs) / 1_000 + 1 + 1e-9);
      }
    }
  }
}

it('holds concurrency, rate, order and delays in any history, and in the end serves all who did not give up', async () => {
  await fc.assert(
    fc.asyncProperty(limits, steps, async (keyLimits, history) => {
      const driver = new Driver(keyLimits);
      for (const step of history) {
        await driver.step(step);
        expect(driver.timers.size).toBeLessThanOrEqual(2);
        for (const name of ['a', 'b']) {
          expect(driver.limiter.waiting(name)).toBe(driver.of('waiting').filter((ask) => ask.key === name).length);
        }
      }
      for (let round = 0; round < 200 && driver.of('waiting').length > 0; round++) {
        for (const ask of driver.of('running')) driver.release(ask);
        await driver.timers.advance(5_000);
      }
      for (const ask of driver.of('running')) driver.release(ask);
      expect(driver.of('waiting')).toEqual([]);
      expect(driver.of('aborted').every((ask) => ask.controller.signal.aborted)).toBe(true);
      expectRateHeld(driver, keyLimits.requestsPerSecond);
      await driver.timers.advance(10_000);
      expect(driver.timers.size).toBe(0);
      expect(driver.limiter.snapshot()).toEqual([]);
    }),
    { numRuns: 300 },
  );
});
