/** Generated histories of a budget, held against a model: lost and doubled calls, processes that die, any order. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Budgets } from '../../libs/limits/budgets.ts';
import { type BudgetsHarness, SCOPE } from './budgets.ts';

const CAP = 100;

type Step =
  | { readonly do: 'reserve'; readonly entry: number; readonly amount: number }
  /** Of what is reserved, as a share of it in percent; of an entry that is not, of nothing. */
  | { readonly do: 'settle'; readonly entry: number; readonly percent: number }
  /** A call that was made before arrives once more. */
  | { readonly do: 'again'; readonly pick: number }
  | { readonly do: 'die' };

/** Four requests, three attempts at each. */
const entry = fc.nat(11);
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ do: fc.constant('reserve' as const), entry, amount: fc.integer({ min: 0, max: 45 }) }),
    },
    {
      weight: 4,
      arbitrary: fc.record({ do: fc.constant('settle' as const), entry, percent: fc.integer({ min: 0, max: 100 }) }),
    },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('again' as const), pick: fc.nat(100) }) },
    { weight: 1, arbitrary: fc.constant<Step>({ do: 'die' }) },
  ),
  { minLength: 10, maxLength: 60 },
);

/** A budget in plain words: what each entry counts for. */
class Model {
  readonly reserved = new Map<number, number>();
  readonly spent = new Map<number, number>();

  get totals() {
    return { spent: sum(this.spent), reserved: sum(this.reserved) };
  }

  reserve(entry: number, amount: number): boolean {
    if (this.spent.has(entry)) return true;
    for (const earlier of [0, 4, 8].map((attempt) => (entry % 4) + attempt)) {
      const left = this.reserved.get(earlier);
      if (earlier === entry || left === undefined) continue;
      this.reserved.delete(earlier);
      this.spent.set(earlier, left);
    }
    const others = sum(this.reserved) - (this.reserved.get(entry) ?? 0);
    if (sum(this.spent) + others + amount > CAP) return false;
    this.reserved.set(entry, amount);
    return true;
  }

  settle(entry: number, amount: number): void {
    if (this.reserved.size + this.spent.size === 0) return;
    this.reserved.delete(entry);
    this.spent.set(entry, amount);
  }
}

function sum(amounts: ReadonlyMap<number, number>): number {
  return [...amounts.values()].reduce((total, amount) => total + amount, 0);
}

function nameOf(entry: number) {
  return { entry: `e${entry % 4}`, attempt: String(Math.floor(entry / 4)) };
}

/** A call as it was made, to be made once more. */
type Call = (budgets: Budgets, model: Model) => Promise<void>;

function reserving(entry: number, amount: number): Call {
  return async (budgets, model) => {
    const answer = await budgets.reserve({ scope: SCOPE, ...nameOf(entry), amount, cap: CAP });
    expect(answer.granted, `reserve e${entry} ${amount}`).toBe(model.reserve(entry, amount));
  };
}

function settling(entry: number, amount: number): Call {
  return async (budgets, model) => {
    // What is paid never exceeds what was set aside: only then can a cap hold.
    const known = model.reserved.get(entry) ?? model.spent.get(entry) ?? 0;
    const paid = Math.min(amount, known);
    await budgets.settle({ scope: SCOPE, ...nameOf(entry), amount: paid });
    model.settle(entry, paid);
  };
}

export function describeBudgetSequences(name: string, open: () => Promise<BudgetsHarness>, runs: number): void {
  it(`budgets on ${name} never go over their cap, and count as a model does, whatever is doubled, late or dead`, async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (history) => {
        const harness = await open();
        try {
          await follow(harness, history);
        } finally {
          await harness.close();
        }
      }),
      { numRuns: runs },
    );
  });
}

async function follow(harness: BudgetsHarness, history: readonly Step[]): Promise<void> {
  const model = new Model();
  const made: Call[] = [];
  let { budgets } = harness;
  for (const step of history) {
    if (step.do === 'die') {
      budgets = await harness.another();
      continue;
    }
    const call = step.do === 'again' ? made[step.pick % Math.max(1, made.length)] : callOf(step, model);
    if (call === undefined) continue;
    if (step.do !== 'again') made.push(call);
    await call(budgets, model);
    const { spent, reserved } = await budgets.read(SCOPE);
    expect({ spent, reserved }).toEqual(model.totals);
    expect(spent + reserved).toBeLessThanOrEqual(CAP);
  }
}

function callOf(step: Exclude<Step, { do: 'again' | 'die' }>, model: Model): Call {
  if (step.do === 'reserve') return reserving(step.entry, step.amount);
  const known = model.reserved.get(step.entry) ?? 0;
  return settling(step.entry, Math.floor((known * step.percent) / 100));
}
