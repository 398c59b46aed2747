/** Reports the actual cost of a request to its run's budget, before its page is committed. */

import { decodeRequest } from '../../libs/calls/node-body.ts';
import type { ResponseModel } from '../../libs/contracts/messages.ts';
import type { ChainNode } from '../../libs/coordination/protocol/node.ts';
import { type Budgets, toMicros } from '../../libs/limits/budgets.ts';
import { costOfFailure } from '../../libs/stage/node/cost-attempt.ts';
import { nodeFields } from '../../libs/stage/observe/stage-span.ts';
import type { Log } from '../../libs/telemetry/log.ts';

interface CostDeps {
  readonly budgets: Pick<Budgets, 'settle'>;
  readonly log: Log;
}

/** The cost of one execution: the sum of its charges, or a default without charges. */
export class Bill {
  readonly #node: Pick<ChainNode, 'body'>;
  readonly #response: Pick<ResponseModel, 'costAttempt' | 'error'>;
  #charged: number | undefined;

  constructor(node: Pick<ChainNode, 'body'>, response: Pick<ResponseModel, 'costAttempt' | 'error'>) {
    this.#node = node;
    this.#response = response;
  }

  /** An amount in the currency. */
  readonly charge = (amount: number): void => {
    this.#charged = (this.#charged ?? 0) + amount;
  };

  /** The attempt to settle; empty when nothing was reserved for the response. */
  get attempt(): string {
    return this.#response.costAttempt;
  }

  /** In millionths; without a charge the most that the request may have cost. */
  get micros(): number {
    if (this.attempt === '') return 0;
    if (this.#charged !== undefined) return toMicros(this.#charged);
    const { costMicros = 0 } = decodeRequest(this.#node.body);
    const { error } = this.#response;
    return error === undefined ? costMicros : costOfFailure(error.code, costMicros);
  }
}

/** Settles the bill. Never throws: a cost that cannot be reported stays reserved, which is safe. */
export async function payBill({ budgets, log }: CostDeps, node: ChainNode, bill: Bill): Promise<void> {
  if (bill.attempt === '') return;
  try {
    await budgets.settle({ scope: node.runId, entry: node.id, attempt: bill.attempt, amount: bill.micros });
  } catch (error) {
    log.warn('the parser could not report the cost of a request; it stays reserved', { ...nodeFields(node), error });
  }
}
