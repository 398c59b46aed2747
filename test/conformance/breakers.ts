/** What circuit breakers are, whatever keeps their state. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BreakerGrant, BreakerPolicy, Breakers } from '../../libs/limits/breakers.ts';

export interface BreakersHarness {
  readonly breakers: Breakers;
  /** Another process, or the same one after a restart, on the same state and clock. */
  another(): Promise<Breakers>;
  now(): number;
  advance(ms: number): void;
  close(): Promise<void>;
}

export const POLICY: BreakerPolicy = { failures: 5, openMs: 30_000 };

export function tokenOf(grant: BreakerGrant): string {
  if (!grant.granted) throw new Error(`refused until ${grant.retryAtMs}`);
  return grant.token;
}

export function describeBreakers(name: string, open: () => Promise<BreakersHarness>): void {
  describe(`circuit breakers on ${name}`, () => {
    let harness: BreakersHarness;
    let breakers: Breakers;
    const KEY = 'qwen:Acme % {co}:1';

    beforeEach(async () => {
      harness = await open();
      breakers = harness.breakers;
    });
    afterEach(() => harness.close());

    const grant = async (policy = POLICY) => tokenOf(await breakers.acquire(KEY, policy));
    const fail = async (times: number, policy = POLICY) => {
      let last: Awaited<ReturnType<Breakers['report']>>;
      for (let count = 0; count < times; count++) last = await breakers.report(KEY, await grant(policy), 'failure');
      return last;
    };
    const stateOf = async () => (await breakers.state(KEY)).state;

    it('B27: open after so many failures in a row, and half open after a wait from the last one', async () => {
      expect(await breakers.state(KEY)).toMatchObject({ key: KEY, state: 'closed', failures: 0 });
      expect(await fail(4)).toBeUndefined();
      expect(await breakers.state(KEY)).toMatchObject({ state: 'closed', failures: 4 });
      harness.advance(1_000);
      const openedAtMs = harness.now();
      expect(await fail(1)).toMatchObject({ key: KEY, kind: 'opened', atMs: openedAtMs });
      expect(await breakers.state(KEY)).toMatchObject({ state: 'open', trialAtMs: openedAtMs + 30_000 });
      harness.advance(10_000);
      const refused = { granted: false, retryAtMs: openedAtMs + 30_000, waitMs: 20_000 };
      expect(await breakers.acquire(KEY, POLICY)).toEqual(refused);
      harness.advance(19_999);
      expect(await breakers.acquire(KEY, POLICY)).toMatchObject({ granted: false, waitMs: 1 });
      harness.advance(1);
      expect(await stateOf()).toBe('open');
      expect(await breakers.acquire(KEY, POLICY)).toMatchObject({ granted: true });
      expect(await stateOf()).toBe('half_open');
    });

    it('B27: a success sets the count back', async () => {
      await fail(4);
      await breakers.report(KEY, await grant(), 'success');
      expect(await fail(4)).toBeUndefined();
      expect(await fail(1)).toMatchObject({ kind: 'opened' });
    });

    it('B27: the trial closes it by a success, and opens it anew by a failure', async () => {
      await fail(5);
      harness.advance(30_000);
      const failedAtMs = harness.now();
      expect(await breakers.report(KEY, await grant(), 'failure')).toMatchObject({ kind: 'opened', atMs: failedAtMs });
      expect(await breakers.acquire(KEY, POLICY)).toMatchObject({ granted: false, waitMs: 30_000 });
      harness.advance(30_000);
      expect(await breakers.report(KEY, await grant(), 'success')).toMatchObject({ kind: 'closed' });
      expect(await stateOf()).toBe('closed');
      expect(await fail(4), 'failures from before are forgotten').toBeUndefined();
    });

    it('B27: one key leaves the others alone, and nothing in the state is lost by another process', async () => {
      await fail(5);
      const other = await harness.another();
      expect(await other.acquire(KEY, POLICY)).toMatchObject({ granted: false });
      expect(await other.acquire('qwen:Other', POLICY)).toMatchObject({ granted: true });
      expect(await other.list()).toMatchObject([{ key: KEY, state: 'open' }]);
      harness.advance(30_000);
      const trial = tokenOf(await other.acquire(KEY, POLICY));
      expect(await breakers.acquire(KEY, POLICY)).toMatchObject({ granted: false });
      expect(await breakers.report(KEY, trial, 'success'), 'who reports does not matter').toMatchObject({
        kind: 'closed',
      });
      expect(await other.list()).toEqual([]);
    });

    it('X2: of many that ask when the wait is over, one gets the trial, and its grant is the transition', async () => {
      await fail(5);
      harness.advance(30_000);
      const both = [breakers, await harness.another()];
      const asked = Array.from({ length: 40 }, (_, at) => both[at % 2]!.acquire(KEY, POLICY));
      const grants = await Promise.all(asked);
      expect(grants.filter(({ granted }) => granted)).toHaveLength(1);
      expect(await stateOf()).toBe('half_open');
    });

    it('X3: a success that was under way does not close an open breaker, nor does a failure keep it open longer', async () => {
      const [slow, slower] = [await grant(), await grant()];
      await fail(5);
      const generation = (await breakers.state(KEY)).generation;
      harness.advance(20_000);
      expect(await breakers.report(KEY, slow, 'success')).toBeUndefined();
      expect(await breakers.report(KEY, slower, 'failure')).toBeUndefined();
      expect(await breakers.state(KEY)).toMatchObject({ state: 'open', generation });
      expect(await breakers.acquire(KEY, POLICY)).toMatchObject({ granted: false, waitMs: 10_000 });
      harness.advance(10_000);
      const trial = await grant();
      await breakers.report(KEY, slow, 'success');
      expect(await stateOf(), 'nor a half open one').toBe('half_open');
      await breakers.report(KEY, trial, 'success');
      await breakers.report(KEY, slower, 'failure');
      expect(await breakers.state(KEY), 'nor does it count once it is closed again').toMatchObject({ failures: 0 });
    });

    it('a report that comes twice counts once, and is told of its change again', async () => {
      const token = await grant();
      for (let time = 0; time < 9; time++) await breakers.report(KEY, token, 'failure');
      expect(await breakers.state(KEY)).toMatchObject({ state: 'closed', failures: 1 });
      await fail(3);
      const last = await grant();
      const opened = await breakers.report(KEY, last, 'failure');
      harness.advance(5);
      expect(await breakers.report(KEY, last, 'failure')).toEqual(opened);
      expect(await breakers.acquire(KEY, POLICY)).toMatchObject({ granted: false, waitMs: 29_995 });
    });

    it('a trial that says nothing, because it was given up, is free again at once', async () => {
      await fail(5);
      harness.advance(30_000);
      expect(await breakers.report(KEY, await grant(), 'neutral')).toBeUndefined();
      expect(await stateOf()).toBe('open');
      expect(await breakers.report(KEY, await grant(), 'success')).toMatchObject({ kind: 'closed' });
      await fail(4);
      await breakers.report(KEY, await grant(), 'neutral');
      expect(await breakers.state(KEY), 'and changes no count').toMatchObject({ failures: 4 });
    });

    it('a trial that nobody reports is given to somebody else, and no longer counts then', async () => {
      await fail(5);
      harness.advance(30_000);
      const policy = { ...POLICY, trialMs: 60_000 };
      const lost = await grant(policy);
      harness.advance(59_999);
      expect(await breakers.acquire(KEY, policy)).toMatchObject({ granted: false, waitMs: 1 });
      harness.advance(1);
      const next = await grant(policy);
      expect(await breakers.report(KEY, lost, 'success')).toBeUndefined();
      expect(await breakers.report(KEY, next, 'success')).toMatchObject({ kind: 'closed' });
    });

    it('is closed by hand, and what is under way no longer counts', async () => {
      const before = await grant();
      await fail(5);
      const { generation } = await breakers.state(KEY);
      expect(await breakers.reset(KEY)).toMatchObject({ key: KEY, kind: 'closed', generation: generation + 1 });
      expect(await breakers.reset(KEY), 'a closed one changes nothing').toBeUndefined();
      await breakers.report(KEY, before, 'failure');
      expect(await breakers.state(KEY)).toMatchObject({ state: 'closed', failures: 0 });
      expect(await breakers.list()).toEqual([]);
    });

    it.each(['', 'x', '1.2.3', '0.0.1.a', '0.1.1.a b', `${'9'.repeat(40)}.1.1.a`, '0.1.1.\n'])(
      'a token that nobody gave changes nothing: %j',
      async (token) => {
        expect(await breakers.report(KEY, token, 'failure')).toBeUndefined();
        expect(await breakers.state(KEY)).toMatchObject({ state: 'closed', failures: 0 });
      },
    );

    it.each([
      { failures: 0 },
      { failures: 1.5 },
      { failures: 1_001 },
      { openMs: 0 },
      { openMs: Number.NaN },
      { trialMs: -1 },
    ])('a policy that cannot hold is refused: %o', async (wrong) => {
      const asked = breakers.acquire(KEY, { ...POLICY, ...wrong });
      await expect(asked).rejects.toMatchObject({ code: 'breaker.wrong_policy', class: 'fatal' });
    });
  });
}
