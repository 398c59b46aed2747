/** What a request cost in truth, told to its run's budget before anything of its page is committed. */
import type { ResponseModel } from '../../libs/contracts/messages.ts';
import type { ChainNode } from '../../libs/coordination/protocol/node.ts';
import { type Budgets, toMicros } from '../../libs/limits/budgets.ts';
import { costOfFailure } from '../../libs/stage/node/cost-attempt.ts';
import { decodeRequest } from '../../libs/stage/node/node-body.ts';
import { nodeFields } from '../../libs/stage/node/node-fields.ts';
import type { Log } from '../../libs/telemetry/log.ts';

interface CostDeps {
  readonly budgets: Pick<Budgets, 'settle'>;
  readonly log: Log;
}

/** What one execution has to pay: its charges, which add up, or in their place what it counts as. */
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

  /** The attempt to be settled; empty when nothing was paid for the response. */
  get attempt(): string {
    return this.#response.costAttempt;
  }

  /** In millionths; without a charge the most that it may have cost. */
  get micros(): number {
    if (this.attempt === '') return 0;
    if (this.#charged !== undefined) return toMicros(this.#charged);
    const { costMicros = 0 } = decodeRequest(this.#node.body);
    const { error } = this.#response;
    return error === undefined ? costMicros : costOfFailure(error.code, costMicros);
  }
}

/** Never throws: what cannot be told stays set aside, which is the safe side. */
export async function payBill({ budgets, log }: CostDeps, node: ChainNode, bill: Bill): Promise<void> {
  if (bill.attempt === '') return;
  try {
    await budgets.settle({ scope: node.runId, entry: node.id, attempt: bill.attempt, amount: bill.micros });
  } catch (error) {
    log.warn('what a request cost could not be told: it stays set aside', { ...nodeFields(node), error });
  }
}
