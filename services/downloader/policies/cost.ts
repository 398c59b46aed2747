/** What a request may cost is set aside before it is sent; what it cost in truth is told by the parser. */
import { setTimeout as delay } from 'node:timers/promises';
import type { ChainNode } from '../../../libs/coordination/protocol/node.ts';
import { CatenaError } from '../../../libs/errors/catena-error.ts';
import { type Budgets, type BudgetTotals, fromMicros } from '../../../libs/limits/budgets.ts';
import { costAttemptOf } from '../../../libs/stage/node/cost-attempt.ts';
import type { Meters } from '../../../libs/stage/observe/meters.ts';
import type { Receipt, RequestPolicy } from './policy.ts';

export interface Price {
  /** The most that it costs, in millionths. */
  readonly amount: number;
  /** The most that its run may cost, in millionths; undefined: any amount. */
  readonly cap: number | undefined;
  /** How long it waits for what others have set aside and may not need, in milliseconds. */
  readonly patienceMs: number;
}

interface PayDeps {
  readonly budgets: Pick<Budgets, 'reserve'>;
  readonly meters: Pick<Meters, 'budgetExhausted'>;
}

const FIRST_WAIT_MS = 25;
const LONGEST_WAIT_MS = 500;

/** Sends a request that names its cost once that is set aside, as {@link pay} does. */
export const cost: RequestPolicy = async (context, next) => {
  const { deps, work, asked, request, receipt, signal } = context;
  if (asked.costMicros !== undefined) {
    const patienceMs = request.totalTimeoutMs ?? deps.breakers.timeoutMs;
    const price = { amount: asked.costMicros, cap: work.run.record.costCap, patienceMs };
    await pay(deps, work.lease.node, price, receipt, signal);
  }
  return next(context);
};

/**
 * Sets the money of a request aside and notes that on its receipt. Where only what others have set aside stands in the way it
 * waits for them: most requests cost less than they might. Throws `budget.exhausted` (fatal) when the run's cap has no room
 * for it, and a retryable error when the budget's state does not answer; it must not be sent then.
 */
export async function pay(
  { budgets, meters }: PayDeps,
  { id: entry, runId: scope, ...node }: ChainNode,
  { amount, cap, patienceMs }: Price,
  receipt: Receipt,
  signal: AbortSignal,
): Promise<void> {
  const attempt = costAttemptOf(node);
  let waitedMs = 0;
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS)) {
    const answer = await budgets.reserve({ scope, entry, attempt, amount, cap });
    if (answer.granted) break;
    const isSpent = answer.spent + amount > (cap ?? 0);
    if (isSpent || waitedMs >= patienceMs) {
      meters.budgetExhausted();
      throw exhausted(amount, cap ?? 0, answer);
    }
    await delay(waitMs, undefined, { signal }).catch((cause: unknown) => {
      throw new CatenaError('budget.wait_aborted', 'the wait for money was given up', { class: 'retryable', cause });
    });
    waitedMs += waitMs;
  }
  receipt.attempt = attempt;
}

function exhausted(amount: number, cap: number, totals: BudgetTotals): CatenaError {
  const [atMost, costCap] = [fromMicros(amount), fromMicros(cap)];
  const [spent, reserved] = [fromMicros(totals.spent), fromMicros(totals.reserved)];
  const state = `${spent} is spent and ${reserved} set aside of ${costCap}`;
  return new CatenaError('budget.exhausted', `a request of up to ${atMost} was not sent: ${state}`, {
    data: { atMost, costCap, spent, reserved },
    remedy: 'submit the task with a higher cost cap, or let its requests cost less',
  });
}
