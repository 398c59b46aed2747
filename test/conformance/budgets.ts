/** What budgets are, whatever keeps their state. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Budgets, MICROS } from '../../libs/limits/budgets.ts';

export interface BudgetsHarness {
  readonly budgets: Budgets;
  /** Another process, or the same one after a restart, on the same state. */
  another(): Promise<Budgets>;
  close(): Promise<void>;
}

/** A run's id is not always one of ours. */
export const SCOPE = 'run % {1}:a';

export function describeBudgets(name: string, open: () => Promise<BudgetsHarness>): void {
  describe(`budgets on ${name}`, () => {
    let harness: BudgetsHarness;
    let budgets: Budgets;
    const reserve = (entry: string, amount: number, cap?: number, attempt = '0') =>
      budgets.reserve({ scope: SCOPE, entry, attempt, amount, cap });
    const settle = (entry: string, amount: number, attempt = '0') =>
      budgets.settle({ scope: SCOPE, entry, attempt, amount });
    const total = () => budgets.read(SCOPE);

    beforeEach(async () => {
      harness = await open();
      budgets = harness.budgets;
    });
    afterEach(() => harness.close());

    it('count what is reserved until it is settled, and then what it cost', async () => {
      expect(await total()).toEqual({ spent: 0, reserved: 0 });
      expect(await reserve('a', 500, 1_000)).toEqual({ granted: true });
      expect(await total()).toEqual({ spent: 0, reserved: 500 });
      await settle('a', 120);
      expect(await total()).toEqual({ spent: 120, reserved: 0 });
    });

    it('refuse what would go over the cap, whether it is spent or reserved, and nothing is changed by that', async () => {
      await reserve('a', 600, 1_000);
      await settle('a', 600);
      await reserve('b', 300, 1_000);
      expect(await reserve('c', 101, 1_000)).toEqual({ granted: false, spent: 600, reserved: 300 });
      expect(await total()).toEqual({ spent: 600, reserved: 300 });
      expect(await reserve('c', 100, 1_000), 'the cap itself may be reached').toEqual({ granted: true });
      expect(await reserve('d', 0, 1_000), 'nothing costs nothing').toEqual({ granted: true });
      expect(await reserve('e', 1, 1_000)).toMatchObject({ granted: false });
    });

    it('have room again for what a settlement did not need', async () => {
      await reserve('a', 1_000, 1_000);
      expect(await reserve('b', 400, 1_000)).toMatchObject({ granted: false });
      await settle('a', 0);
      expect(await reserve('b', 400, 1_000)).toEqual({ granted: true });
    });

    it('count an entry once, however often it is said', async () => {
      for (let times = 0; times < 3; times++) expect(await reserve('a', 700, 1_000)).toEqual({ granted: true });
      expect(await total()).toEqual({ spent: 0, reserved: 700 });
      for (let times = 0; times < 3; times++) await settle('a', 650);
      expect(await total()).toEqual({ spent: 650, reserved: 0 });
      expect(await reserve('a', 700, 1_000), 'it has been paid').toEqual({ granted: true });
      expect(await total()).toEqual({ spent: 650, reserved: 0 });
    });

    it('put a new reservation of an entry in the place of its old one, unless that is too much', async () => {
      await reserve('a', 700, 1_000);
      await reserve('a', 200, 1_000);
      expect(await total()).toEqual({ spent: 0, reserved: 200 });
      expect(await reserve('a', 1_001, 1_000)).toEqual({ granted: false, spent: 0, reserved: 200 });
      expect(await total()).toEqual({ spent: 0, reserved: 200 });
    });

    it('hold the last thing that was said of what an entry cost', async () => {
      await reserve('a', 700);
      await settle('a', 700);
      await settle('a', 30);
      expect(await total()).toEqual({ spent: 30, reserved: 0 });
    });

    it('count every attempt at an entry: what an earlier one had reserved is spent when the next one asks', async () => {
      await reserve('a', 300, 1_000, '0');
      expect(await reserve('a', 300, 1_000, '1')).toEqual({ granted: true });
      expect(await total()).toEqual({ spent: 300, reserved: 300 });
      expect(await reserve('a', 500, 1_000, '2'), 'what it has spent itself counts too').toEqual({
        granted: false,
        spent: 600,
        reserved: 0,
      });
      expect(await total()).toEqual({ spent: 600, reserved: 0 });
    });

    it('hear what an earlier attempt has cost also when it is late, and no attempt is begun anew by a call from before', async () => {
      await reserve('a', 300, 1_000, '0');
      await reserve('a', 300, 1_000, '1');
      await settle('a', 20, '0');
      expect(await total()).toEqual({ spent: 20, reserved: 300 });
      expect(await reserve('a', 300, 1_000, '0')).toEqual({ granted: true });
      expect(await total()).toEqual({ spent: 20, reserved: 300 });
      await settle('a', 30, '1');
      expect(await total()).toEqual({ spent: 50, reserved: 0 });
    });

    it('believe a cost that is more than was reserved, or of an entry whose reservation was lost', async () => {
      await reserve('a', 100, 1_000);
      await settle('a', 900);
      await settle('lost', 200);
      expect(await total()).toEqual({ spent: 1_100, reserved: 0 });
      expect(await reserve('b', 0, 1_000)).toEqual({ granted: false, spent: 1_100, reserved: 0 });
    });

    it('without a cap refuse nothing and count all the same', async () => {
      for (const entry of ['a', 'b', 'c']) expect(await reserve(entry, 1_000 * MICROS)).toEqual({ granted: true });
      expect(await total()).toEqual({ spent: 0, reserved: 3_000 * MICROS });
    });

    it('are exact with large sums, and with caps that no double but an integer holds', async () => {
      const large = 1e9 * MICROS;
      await reserve('a', large, large);
      expect(await reserve('b', 1, large)).toEqual({ granted: false, spent: 0, reserved: large });
      await settle('a', large - 1);
      expect(await reserve('b', 1, large)).toEqual({ granted: true });
      expect(await reserve('c', 1, large)).toEqual({ granted: false, spent: large - 1, reserved: 1 });
    });

    it('know nothing of other scopes, and forget one that is over, for late settlements too', async () => {
      await reserve('a', 100, 100);
      await budgets.reserve({ scope: 'another', entry: 'a', attempt: '0', amount: 5, cap: 5 });
      await budgets.forget(SCOPE);
      expect(await total()).toEqual({ spent: 0, reserved: 0 });
      await settle('a', 100);
      expect(await total()).toEqual({ spent: 0, reserved: 0 });
      expect(await budgets.read('another')).toEqual({ spent: 0, reserved: 5 });
      await budgets.forget('never heard of');
    });

    it('are there after a restart: what a dead process had reserved counts on', async () => {
      await reserve('a', 400, 1_000);
      await reserve('b', 500, 1_000);
      await settle('b', 450);
      const other = await harness.another();
      expect(await other.read(SCOPE)).toEqual({ spent: 450, reserved: 400 });
      expect(await other.reserve({ scope: SCOPE, entry: 'c', attempt: '0', amount: 151, cap: 1_000 })).toMatchObject({
        granted: false,
      });
      await other.settle({ scope: SCOPE, entry: 'a', attempt: '0', amount: 10 });
      expect(await total()).toEqual({ spent: 460, reserved: 0 });
    });

    it('grant 64 who ask at the same time exactly as much as there is', async () => {
      const others = await Promise.all([harness.another(), harness.another(), harness.another()]);
      const processes = [budgets, ...others];
      const asked = Array.from({ length: 64 }, (_, at) =>
        processes[at % 4]!.reserve({ scope: SCOPE, entry: `e${at}`, attempt: '0', amount: 70, cap: 1_000 }),
      );
      const granted = (await Promise.all(asked)).filter((answer) => answer.granted);
      expect(granted).toHaveLength(14);
      expect(await total()).toEqual({ spent: 0, reserved: 980 });
    });

    it.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 1e9 * MICROS + 1])(
      'take no amount of %d millionths',
      async (amount) => {
        const wrong = { code: 'budget.wrong_amount', class: 'fatal' };
        await expect(reserve('a', amount)).rejects.toMatchObject(wrong);
        await expect(reserve('a', 1, amount)).rejects.toMatchObject(wrong);
        await expect(settle('a', amount)).rejects.toMatchObject(wrong);
        expect(await total()).toEqual({ spent: 0, reserved: 0 });
      },
    );
  });
}
