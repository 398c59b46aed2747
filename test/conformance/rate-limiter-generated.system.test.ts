/** Generated histories of three processes on one key: limits and delays hold over all, and in the end everybody is served. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { KeyLimits, Permit } from '../../libs/limits/limiter.ts';
import type { RedisLimits } from '../../libs/limits/redis/index.ts';
import { type RedisServer, startRedisServer } from '../fixtures/servers/redis-server.ts';
import { openSharedHarness, type SharedHarness } from './rate-limiter-shared.ts';

let server: RedisServer;
beforeAll(async () => {
  server = await startRedisServer();
});
afterAll(() => server?.stop());

type Step =
  | { readonly do: 'ask' | 'try' | 'delay'; readonly process: number; readonly ms: number }
  | { readonly do: 'abort' | 'release' | 'pass'; readonly process: number; readonly ms: number };

const of = (name: Step['do'], weight: number, maxMs: number) => ({
  weight,
  arbitrary: fc.record({ do: fc.constant(name), process: fc.nat(2), ms: fc.nat(maxMs) }) as fc.Arbitrary<Step>,
});
const steps = fc.array(
  fc.oneof(
    of('ask', 7, 0),
    of('try', 3, 0),
    of('delay', 1, 2_000),
    of('abort', 3, 9),
    of('release', 5, 9),
    of('pass', 4, 700),
  ),
  { minLength: 20, maxLength: 70 },
);
const limits: fc.Arbitrary<KeyLimits> = fc.record({
  requestsPerSecond: fc.constantFrom(0, 1, 4, 50),
  concurrency: fc.constantFrom(0, 1, 2, 5),
});

/** A start is granted so long ahead at most, and given up so long after its time: till then a delay is not known to it. */
const LATE_MS = 350;

interface Ask {
  readonly controller: AbortController;
  state: 'waiting' | 'running' | 'aborted' | 'released';
  permit?: Permit;
}

class Driver {
  readonly asks: Ask[] = [];
  readonly startsMs: number[] = [];
  readonly #harness: SharedHarness;
  readonly #limits: KeyLimits;
  readonly #processes: readonly RedisLimits[];
  #blockedUntilMs = 0;
  /** From when on every process knows of the delay. */
  #knownFromMs = 0;

  constructor(harness: SharedHarness, keyLimits: KeyLimits) {
    this.#harness = harness;
    this.#limits = keyLimits;
    this.#processes = [0, 1, 2].map(() => harness.process(keyLimits));
  }

  async step({ do: verb, process, ms }: Step): Promise<void> {
    const { limiter } = this.#processes[process]!;
    if (verb === 'ask') this.#ask(process);
    else if (verb === 'try') {
      const permit = limiter.tryAcquire('a');
      if (permit !== undefined) this.#start({ controller: new AbortController(), state: 'waiting' }, permit);
    } else if (verb === 'delay') {
      const nowMs = this.#harness.now();
      limiter.delay('a', nowMs + ms);
      if (nowMs + ms > this.#blockedUntilMs) this.#knownFromMs = nowMs + LATE_MS;
      this.#blockedUntilMs = Math.max(this.#blockedUntilMs, nowMs + ms);
    } else if (verb === 'abort') this.#pick('waiting', ms)?.controller.abort();
    else if (verb === 'release') this.release(this.#pick('running', ms));
    await this.#harness.advance(verb === 'pass' ? ms : 0);
  }

  of(state: Ask['state']): Ask[] {
    return this.asks.filter((ask) => ask.state === state);
  }

  release(ask: Ask | undefined): void {
    if (ask === undefined) return;
    ask.state = 'released';
    ask.permit?.release();
  }

  #ask(process: number): void {
    const ask: Ask = { controller: new AbortController(), state: 'waiting' };
    this.#processes[process]!.limiter.acquire('a', ask.controller.signal).then(
      (permit) => this.#start(ask, permit),
      () => {
        ask.state = 'aborted';
      },
    );
    this.asks.push(ask);
  }

  #start(ask: Ask, permit: Permit): void {
    if (!this.asks.includes(ask)) this.asks.push(ask);
    ask.state = 'running';
    ask.permit = permit;
    const nowMs = this.#harness.now();
    this.startsMs.push(nowMs);
    const { concurrency } = this.#limits;
    if (concurrency > 0) expect(this.of('running').length, 'permits out').toBeLessThanOrEqual(concurrency);
    if (nowMs >= this.#knownFromMs) expect(nowMs, 'no start in a delay').toBeGreaterThanOrEqual(this.#blockedUntilMs);
  }

  #pick(state: Ask['state'], pick: number): Ask | undefined {
    const asks = this.of(state);
    return asks[pick % Math.max(1, asks.length)];
  }
}

it('holds rate, concurrency and delays over three processes in any history, and serves all who did not give up', async () => {
  await fc.assert(
    fc.asyncProperty(limits, steps, async (keyLimits, history) => {
      const harness = await openSharedHarness(server.url);
      try {
        const driver = new Driver(harness, keyLimits);
        for (const step of history) await driver.step(step);
        for (let round = 0; round < 200 && driver.of('waiting').length > 0; round++) {
          for (const ask of driver.of('running')) driver.release(ask);
          await harness.advance(1_000);
        }
        expect(driver.of('waiting'), 'nobody waits for ever').toEqual([]);
        expect(driver.of('aborted').every(({ controller }) => controller.signal.aborted)).toBe(true);
        expectRate(driver.startsMs, keyLimits.requestsPerSecond);
      } finally {
        await harness.close();
      }
    }),
    { numRuns: 100 },
  );
});

function expectRate(startsMs: readonly number[], requestsPerSecond: number): void {
  if (requestsPerSecond === 0) return;
  for (const [at, fromMs] of startsMs.entries()) {
    for (const [count, toMs] of startsMs.slice(at).entries()) {
      expect(count + 1).toBeLessThanOrEqual((requestsPerSecond * (toMs - fromMs)) / 1_000 + 1);
    }
  }
}
