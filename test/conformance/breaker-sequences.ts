/** Generated histories of a breaker, held against a model that knows no more than the words of its contract. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { BreakerOutcome, Breakers } from '../../libs/limits/breakers.ts';
import type { BreakersHarness } from './breakers.ts';

type Step =
  | { readonly do: 'ask' }
  | { readonly do: 'report'; readonly pick: number; readonly outcome: BreakerOutcome }
  | { readonly do: 'pass'; readonly ms: number }
  | { readonly do: 'reset' };

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.constant<Step>({ do: 'ask' }) },
    {
      weight: 8,
      arbitrary: fc.record({
        do: fc.constant('report' as const),
        pick: fc.nat(20),
        outcome: fc.constantFrom<BreakerOutcome>('failure', 'failure', 'failure', 'success', 'neutral'),
      }),
    },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.constantFrom(1, 400, 1_000) }) },
    { weight: 1, arbitrary: fc.constant<Step>({ do: 'reset' }) },
  ),
  { minLength: 10, maxLength: 80 },
);

const POLICY = { failures: 2, openMs: 1_000, trialMs: 1_500 };

interface Grant {
  readonly token: string;
  readonly era: number;
}

/** A breaker in plain words: eras instead of generations, one clock, everything in one process. */
class Model {
  state: 'closed' | 'open' | 'half_open' = 'closed';
  era = 0;
  /** Grants that failed since the last success. */
  readonly failed = new Set<Grant>();
  lastFailureMs = 0;
  trialEndsMs = 0;

  mayGo(nowMs: number): boolean {
    if (this.state === 'closed') return true;
    return nowMs >= (this.state === 'open' ? this.lastFailureMs + POLICY.openMs : this.trialEndsMs);
  }

  /** Answers the era of the grant. */
  granted(nowMs: number): number {
    if (this.state !== 'closed') {
      this.#enter('half_open');
      this.trialEndsMs = nowMs + POLICY.trialMs;
    }
    return this.era;
  }

  reported(grant: Grant, outcome: BreakerOutcome, nowMs: number): void {
    if (grant.era !== this.era) return;
    if (this.state === 'half_open') {
      if (outcome === 'failure') this.lastFailureMs = nowMs;
      this.#enter(outcome === 'success' ? 'closed' : 'open');
    } else if (outcome === 'success') {
      this.failed.clear();
    } else if (outcome === 'failure' && !this.failed.has(grant)) {
      this.failed.add(grant);
      this.lastFailureMs = nowMs;
      if (this.failed.size >= POLICY.failures) this.#enter('open');
    }
  }

  reset(): void {
    this.#enter('closed');
  }

  #enter(state: Model['state']): void {
    this.state = state;
    this.era += 1;
    this.failed.clear();
  }
}

export function describeBreakerSequences(name: string, open: () => Promise<BreakersHarness>, numRuns: number): void {
  it(`any history of a breaker on ${name} goes as its contract says (B27, X2, X3)`, async () => {
    const harness = await open();
    const both = [harness.breakers, await harness.another()];
    let key = 0;
    const seen = new Set<string>();
    try {
      await fc.assert(
        fc.asyncProperty(steps, async (history) => {
          key += 1;
          await follow(harness, both, `generated-${key}`, history, seen);
        }),
        { numRuns },
      );
    } finally {
      await harness.close();
    }
    expect([...seen].sort(), 'the histories reach everything').toEqual([
      'closed',
      'half_open',
      'late',
      'open',
      'refused',
    ]);
  });
}

async function follow(
  harness: BreakersHarness,
  both: readonly Breakers[],
  key: string,
  history: readonly Step[],
  seen: Set<string>,
): Promise<void> {
  const model = new Model();
  const grants: Grant[] = [];
  for (const [at, step] of history.entries()) {
    const breakers = both[at % 2]!;
    if (step.do === 'ask') {
      const mayGo = model.mayGo(harness.now());
      const answer = await breakers.acquire(key, POLICY);
      expect(answer.granted, `step ${at}`).toBe(mayGo);
      if (answer.granted) grants.push({ token: answer.token, era: model.granted(harness.now()) });
      else seen.add('refused');
    } else if (step.do === 'report') {
      const grant = grants[step.pick % Math.max(1, grants.length)];
      if (grant === undefined) continue;
      if (grant.era < model.era) seen.add('late');
      model.reported(grant, step.outcome, harness.now());
      await breakers.report(key, grant.token, step.outcome);
    } else if (step.do === 'reset') {
      model.reset();
      await breakers.reset(key);
    } else harness.advance(step.ms);
    const { state, failures } = await breakers.state(key);
    expect({ state, failures }, `after step ${at}, ${JSON.stringify(step)}`).toEqual({
      state: model.state,
      failures: model.failed.size,
    });
    seen.add(state);
  }
}
