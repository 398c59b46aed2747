/**
 * Gathers what an execution yields for one commit. Items and hops are held back until the generator has ended, so a parser that
 * throws stores nothing. Hops beyond a commit's size are staged with the coordinator, so that a step with 100,000 hops does not
 * hold them in memory.
 */

import { MAX_CHILDREN, StageCode } from '../../coordination/protocol/commits.ts';
import type { NodeSeed } from '../../coordination/protocol/node.ts';
import type { Coordinator } from '../../coordination/protocol/port.ts';
import { CatenaError } from '../../errors/catena-error.ts';
import { MAX_VALUE_CHARS } from '../../modules/check/json-value.ts';
import type { Emission, Emissions } from '../../modules/contract/definition.ts';
import type { NewItem } from '../../store/port.ts';
import type { Lease } from './lease.ts';
import { type YieldBudget, YieldCount } from './yield-budget.ts';

export interface Yield {
  readonly children: readonly NodeSeed[];
  /** How many children are staged; if any, `children` is empty. */
  readonly staged: number;
  readonly items: readonly NewItem[];
  readonly drops: readonly { readonly reason: string; readonly data: unknown }[];
}

export interface GatherOptions {
  readonly lease: Lease;
  readonly coordinator: Pick<Coordinator, 'stageChildren'>;
  readonly toSeed: (hop: Emission & { readonly kind: 'hop' | 'fail' }) => NodeSeed;
  readonly budget: YieldBudget;
  /** Called with each charge at once, in the currency; a charge counts even if the generator fails later. */
  readonly onCharge?: (amount: number) => void;
}

/** The lease was lost during the execution, so nothing of it may take effect. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';
}

/**
 * Throws the generator's errors, `parse.retry` when it asks for a retry, `parse.too_many_yields`, `parse.yields_too_large`,
 * `module.item_too_large`, and {@link LeaseLost}.
 */
export async function gather(emissions: Emissions, options: GatherOptions): Promise<Yield> {
  const gathering = new Gathering(options);
  if (Symbol.asyncIterator in emissions) {
    for await (const emission of emissions) {
      gathering.take(emission);
      if (gathering.isFull) await gathering.stage();
    }
  } else {
    for (const emission of emissions) {
      gathering.take(emission instanceof Promise ? await emission : emission);
      if (gathering.isFull) await gathering.stage();
    }
  }
  return gathering.end();
}

class Gathering {
  readonly #options: GatherOptions;
  readonly #count: YieldCount;
  readonly #items: NewItem[] = [];
  readonly #drops: { reason: string; data: unknown }[] = [];
  #seeds = new Map<string, NodeSeed>();
  #staged: Set<string> | undefined;

  constructor(options: GatherOptions) {
    this.#options = options;
    this.#count = new YieldCount(options.budget);
  }

  get isFull(): boolean {
    return this.#seeds.size >= MAX_CHILDREN;
  }

  take(emission: Emission): void {
    this.#count.addYield();
    switch (emission.kind) {
      case 'hop':
      case 'fail': {
        const seed = this.#options.toSeed(emission);
        this.#count.addChars(seed.body.length);
        if (this.#staged?.has(seed.id) !== true && !this.#seeds.has(seed.id)) this.#seeds.set(seed.id, seed);
        return;
      }
      case 'item':
        this.#items.push({ type: emission.type, data: this.#encodeItem(emission) });
        return;
      case 'drop':
        this.#count.addChars(emission.reason.length + JSON.stringify(emission.data).length);
        this.#drops.push({ reason: emission.reason, data: emission.data });
        return;
      case 'charge':
        this.#options.onCharge?.(emission.amount);
        return;
      case 'retry':
        throw new CatenaError('parse.retry', emission.reason, {
          class: 'retryable',
          ...(emission.afterMs === undefined ? {} : { retryAfterMs: emission.afterMs }),
        });
    }
  }

  #encodeItem({ type, data }: Emission & { readonly kind: 'item' }): string {
    const text = JSON.stringify(data);
    if (text.length > MAX_VALUE_CHARS) {
      throw new CatenaError('module.item_too_large', `an item "${type}" has ${text.length} characters of JSON`, {
        data: { type, chars: text.length, maxChars: MAX_VALUE_CHARS },
        remedy: `give at most ${MAX_VALUE_CHARS}: split it into several items, or leave out what nobody reads`,
      });
    }
    this.#count.addChars(text.length);
    return text;
  }

  /** Stages the hops so far with the coordinator, under the node's token. */
  async stage(): Promise<void> {
    const { lease, coordinator } = this.#options;
    const children = [...this.#seeds.values()];
    const code = await coordinator.stageChildren({ node: lease.node, token: lease.node.token, children });
    if (code !== StageCode.STAGED) throw new LeaseLost(`node ${lease.node.id} was taken over while it staged children`);
    this.#staged ??= new Set();
    for (const { id } of children) this.#staged.add(id);
    this.#seeds = new Map();
  }

  async end(): Promise<Yield> {
    if (this.#staged !== undefined && this.#seeds.size > 0) await this.stage();
    return {
      children: [...this.#seeds.values()],
      staged: this.#staged?.size ?? 0,
      items: this.#items,
      drops: this.#drops,
    };
  }
}
