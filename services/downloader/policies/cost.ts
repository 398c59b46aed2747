/** Reserves the most that a request may cost before it is sent. The parser reports the actual cost. */
import { setTimeout as delay } from 'node:timers/promises';
import type { ChainNode } from '../../../libs/coordination/protocol/node.ts';
import { CatenaError } from '../../../libs/errors/catena-error.ts';
import { type Budgets, type BudgetTotals, fromMicros } from '../../../libs/limits/budgets.ts';
import { costAttemptOf } from '../../../libs/stage/node/cost-attempt.ts';
import type { Meters } from '../../../libs/stage/observe/meters.ts';
import type { Receipt, RequestPolicy } from './policy.ts';

export interface Price {
  /** The most that the request may cost, in millionths. */
  readonly amount: number;
  /** The cost cap of its run, in millionths; undefined: no cap. */
  readonly cap: number | undefined;
  /** How long it waits for reservations of other requests to be released, in milliseconds. */
  readonly waitAtMostMs: number;
}

interface PayDeps {
  readonly budgets: Pick<Budgets, 'reserve'>;
  readonly meters: Pick<Meters, 'budgetExhausted'>;
}

const FIRST_WAIT_MS = 25;
const LONGEST_WAIT_MS = 500;

/** Sends a request with a cost after {@link pay} has reserved it. */
export const cost: RequestPolicy = async (context, next) => {
  const { deps, work, asked, request, receipt, signal } = context;
  if (asked.costMicros !== undefined) {
    const waitAtMostMs = request.totalTimeoutMs ?? deps.breakers.timeoutMs;
    const price = { amount: asked.costMicros, cap: work.run.record.costCap, waitAtMostMs };
    await pay({ budgets: deps.budgets, meters: deps.execution.meters }, work.lease.node, price, receipt, signal);
  }
  return next(context);
};

/**
 * Reserves the money of a request and records that on its receipt. When only reservations of other requests leave no room, it
 * waits for them: most requests cost less than their maximum. Throws `budget.exhausted` (fatal) when the run's cap has no room
 * for it, and a retryable error when the budget's state cannot be read; the request must not be sent then.
 */
export async function pay(
  { budgets, meters }: PayDeps,
  { id: entry, runId: scope, ...node }: ChainNode,
  { amount, cap, waitAtMostMs }: Price,
  receipt: Receipt,
  signal: AbortSignal,
): Promise<void> {
  const attempt = costAttemptOf(node);
  let waitedMs = 0;
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS)) {
    const answer = await budgets.reserve({ scope, entry, attempt, amount, cap });
    if (answer.granted) break;
    const isSpent = answer.spent + amount > (cap ?? 0);
    if (isSpent || waitedMs >= waitAtMostMs) {
      meters.budgetExhausted();
      throw exhausted(amount, cap ?? 0, answer);
    }
    await delay(waitMs, undefined, { signal }).catch((cause: unknown) => {
      throw new CatenaError('budget.wait_aborted', 'the wait for room in the budget was aborted', {
        class: 'retryable',
        cause,
      });
    });
    waitedMs += waitMs;
  }
  receipt.attempt = attempt;
}

function exhausted(amount: number, cap: number, totals: BudgetTotals): CatenaError {
  const [atMost, costCap] = [fromMicros(amount), fromMicros(cap)];
  const [spent, reserved] = [fromMicros(totals.spent), fromMicros(totals.reserved)];
  const state = `${spent} spent and ${reserved} reserved of ${costCap}`;
  return new CatenaError('budget.exhausted', `a request of up to ${atMost} was not sent: ${state}`, {
    data: { atMost, costCap, spent, reserved },
    remedy: 'submit the task with a higher cost cap, or reduce the cost of its requests',
  });
}
