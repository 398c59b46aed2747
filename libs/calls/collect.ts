/**
 * Turns what a function emits into chunks, in the form in which it is stored. Seeds and rows are held back until a chunk is full,
 * so that a step that yields 100,000 hops neither holds them in memory nor sends each by itself.
 */
import { MAX_CHILDREN } from '../coordination/protocol/commits.ts';
import type { NodeSeed } from '../coordination/protocol/node.ts';
import { CatenaError } from '../errors/catena-error.ts';
import type { KeyLimits } from '../limits/limiter.ts';
import { MAX_VALUE_CHARS } from '../modules/check/json-value.ts';
import type { NewItem } from '../store/port.ts';
import type { AuthorCall, Chunk, Drop, PreviewedHop } from './served-module.ts';
import { YieldCount, type YieldLimits } from './yield-budget.ts';

/** Where chunks go; a promise means that the call must wait before it emits more. */
export type Emit = (chunk: Chunk) => Promise<void> | undefined;

/** Ends a wait for the event loop: called between two emissions of a synchronous generator. */
export type Breathe = () => Promise<void> | undefined;

export interface CollectorOptions {
  readonly emit: Emit;
  readonly limits: YieldLimits;
  readonly function: AuthorCall['fn'];
  readonly isAbandoned?: (() => boolean) | undefined;
}

/** A chunk is sent when its text is this long. */
const CHUNK_CHARS = 256 * 1024;

const NOTHING: Chunk = { seeds: [], hops: [], items: [], drops: [], tooDeep: 0, charged: undefined, limits: [] };

export class Collector {
  readonly #options: CollectorOptions;
  readonly #count: YieldCount;
  readonly #known = new Set<string>();
  #seeds: NodeSeed[] = [];
  #hops: PreviewedHop[] = [];
  #items: NewItem[] = [];
  #drops: Drop[] = [];
  #tooDeep = 0;
  #limits: (readonly [string, Partial<KeyLimits>])[] = [];
  #charged: number | undefined;
  #chunkChars = 0;

  constructor(options: CollectorOptions) {
    this.#options = options;
    this.#count = new YieldCount(options.function, options.limits);
  }

  get isFull(): boolean {
    return this.#seeds.length >= MAX_CHILDREN || this.#chunkChars >= CHUNK_CHARS;
  }

  /** Counts an emission. Throws the errors of {@link YieldCount}, and {@link Abandoned}. */
  count(): void {
    if (this.#options.isAbandoned?.() === true) throw new Abandoned();
    this.#count.addYield();
  }

  addSeed(seed: NodeSeed): void {
    if (this.#known.has(seed.id)) return;
    this.#known.add(seed.id);
    this.#seeds.push(seed);
    this.#measure(seed.body.length);
  }

  addPreview(hop: PreviewedHop): void {
    this.#hops.push(hop);
    this.#measure(hop.state.length);
  }

  /** Throws `module.item_too_large`. */
  addItem(type: string, data: string): void {
    if (data.length > MAX_VALUE_CHARS) {
      throw new CatenaError('module.item_too_large', `an item "${type}" has ${data.length} characters of JSON`, {
        data: { type, chars: data.length, maxChars: MAX_VALUE_CHARS },
        remedy: `give at most ${MAX_VALUE_CHARS}: split it into several items, or leave out what nobody reads`,
      });
    }
    this.#items.push({ type, data });
    this.#measure(data.length);
  }

  addDrop(reason: string, data: string): void {
    this.#drops.push({ reason, data });
    this.#measure(reason.length + data.length);
  }

  addTooDeep(): void {
    this.#tooDeep += 1;
  }

  addCharge(amount: number): void {
    this.#charged = (this.#charged ?? 0) + amount;
  }

  addLimits(limitKey: string, limits: Partial<KeyLimits>): void {
    this.#limits.push([limitKey, limits]);
  }

  /** Sends what is held back; returns a promise when the call must wait. */
  flush(): Promise<void> | undefined {
    if (this.#isEmpty) return undefined;
    const chunk: Chunk = {
      seeds: this.#seeds,
      hops: this.#hops,
      items: this.#items,
      drops: this.#drops,
      tooDeep: this.#tooDeep,
      charged: this.#charged,
      limits: this.#limits,
    };
    this.#seeds = [];
    this.#hops = [];
    this.#items = [];
    this.#drops = [];
    this.#tooDeep = 0;
    this.#charged = undefined;
    this.#limits = [];
    this.#chunkChars = 0;
    return this.#options.emit(chunk);
  }

  /** Sends the charges that are held back, without the rest. */
  flushCharge(): Promise<void> | undefined {
    if (this.#charged === undefined) return undefined;
    const charged = this.#charged;
    this.#charged = undefined;
    return this.#options.emit({ ...NOTHING, charged });
  }

  get #isEmpty(): boolean {
    const held = [this.#seeds, this.#hops, this.#items, this.#drops, this.#limits];
    return this.#charged === undefined && this.#tooDeep === 0 && held.every(({ length }) => length === 0);
  }

  #measure(chars: number): void {
    this.#chunkChars += chars;
    this.#count.addChars(chars);
  }
}

/** Nobody waits for the call any more. */
export class Abandoned extends Error {
  override readonly name = 'Abandoned';
}

/** Passes each emission to `take`, and sends full chunks. Throws what the generator throws. */
export async function collect<Emitted>(
  emissions: Iterable<Emitted | Promise<Emitted>> | AsyncIterable<Emitted>,
  collector: Collector,
  take: (emitted: Emitted) => void,
  breathe: Breathe | undefined,
): Promise<void> {
  if (Symbol.asyncIterator in emissions) {
    for await (const emitted of emissions) {
      collector.count();
      take(emitted);
      if (collector.isFull) await collector.flush();
      const wait = breathe?.();
      if (wait !== undefined) await wait;
    }
  } else {
    for (const emitted of emissions) {
      collector.count();
      take(emitted instanceof Promise ? await emitted : emitted);
      if (collector.isFull) await collector.flush();
      const wait = breathe?.();
      if (wait !== undefined) await wait;
    }
  }
}
