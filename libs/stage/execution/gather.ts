/**
 * Gathers what a call of an author's function emits, for one commit. Items and hops take effect only with the commit, so a
 * function that throws stores nothing. Children beyond a commit's size are staged with the coordinator meanwhile.
 */
import type { AuthorCall, CallSink, Chunk, ServedModule } from '../../calls/served-module.ts';
import { MAX_CHILDREN, StageCode } from '../../coordination/protocol/commits.ts';
import type { NodeSeed } from '../../coordination/protocol/node.ts';
import type { Coordinator } from '../../coordination/protocol/port.ts';
import type { KeyLimits } from '../../limits/limiter.ts';
import type { NewItem } from '../../store/port.ts';
import type { Lease } from './lease.ts';

export interface Yield {
  readonly children: readonly NodeSeed[];
  /** How many children are staged; if any, `children` is empty. */
  readonly staged: number;
  readonly items: readonly NewItem[];
  /** How many records were dropped. */
  readonly drops: number;
  /** How many hops were left out, because they are deeper than the run may go. */
  readonly tooDeep: number;
}

export interface GatherOptions {
  readonly lease: Lease;
  readonly coordinator: Pick<Coordinator, 'stageChildren'>;
  /** Called once, when the call has ended or failed, with the sum of its charges if it made any. */
  readonly onCharged?: (amount: number) => void;
  /** Called for limits that must be known before the requests of the call are sent. */
  readonly onLimits?: (limitKey: string, limits: Partial<KeyLimits>) => void;
}

/** The lease was lost during the execution, so nothing of it may take effect. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';
}

/** Makes the call. Rejects with the function's failure, and with {@link LeaseLost}. */
export async function gather(
  module: Pick<ServedModule, 'call'>,
  call: AuthorCall,
  options: GatherOptions,
): Promise<Yield> {
  const gathering = new Gathering(options);
  try {
    await module.call(call, gathering);
  } finally {
    if (gathering.charged !== undefined) options.onCharged?.(gathering.charged);
  }
  return gathering.end();
}

/** Children with large bodies are staged before there are {@link MAX_CHILDREN} of them: all of a batch are in memory at once. */
const MAX_BATCH_CHARS = 16 * 1_024 * 1_024;

class Gathering implements CallSink {
  charged: number | undefined;
  readonly #options: GatherOptions;
  #items: NewItem[] = [];
  #seeds: NodeSeed[] = [];
  /** Characters of the seeds' bodies. */
  #chars = 0;
  #drops = 0;
  #tooDeep = 0;
  #staged = 0;

  constructor(options: GatherOptions) {
    this.#options = options;
  }

  take({ seeds, items, drops, tooDeep, charged, limits }: Chunk): Promise<void> | undefined {
    for (const [limitKey, ofKey] of limits) this.#options.onLimits?.(limitKey, ofKey);
    for (const seed of seeds) {
      this.#seeds.push(seed);
      this.#chars += seed.body.length;
    }
    for (const item of items) this.#items.push(item);
    this.#drops += drops.length;
    this.#tooDeep += tooDeep;
    if (charged !== undefined) this.charged = (this.charged ?? 0) + charged;
    const isFull = this.#seeds.length >= MAX_CHILDREN || this.#chars >= MAX_BATCH_CHARS;
    return isFull ? this.#stageFull() : undefined;
  }

  restart(): void {
    if (this.#staged > 0) {
      const { id } = this.#options.lease.node;
      throw new LeaseLost(`node ${id} had staged children when another call ended its worker`);
    }
    this.charged = undefined;
    this.#items = [];
    this.#seeds = [];
    this.#chars = 0;
    this.#drops = 0;
    this.#tooDeep = 0;
  }

  async end(): Promise<Yield> {
    if (this.#staged > 0 && this.#seeds.length > 0) await this.#stage(this.#seeds.splice(0));
    const [staged, items, drops, tooDeep] = [this.#staged, this.#items, this.#drops, this.#tooDeep];
    return { children: this.#seeds, staged, items, drops, tooDeep };
  }

  async #stageFull(): Promise<void> {
    const isLarge = this.#chars >= MAX_BATCH_CHARS;
    this.#chars = 0;
    while (this.#seeds.length >= MAX_CHILDREN) await this.#stage(this.#seeds.splice(0, MAX_CHILDREN));
    if (isLarge && this.#seeds.length > 0) await this.#stage(this.#seeds.splice(0));
  }

  /** Stages children with the coordinator, under the node's token. */
  async #stage(children: readonly NodeSeed[]): Promise<void> {
    const { lease, coordinator } = this.#options;
    const code = await coordinator.stageChildren({ node: lease.node, token: lease.node.token, children });
    if (code !== StageCode.STAGED) throw new LeaseLost(`node ${lease.node.id} was taken over while it staged children`);
    this.#staged += children.length;
  }
}
