/** How much one call may yield. One that yields more is taken to be endless, and fails by the name of its budget. */
import { CatenaError } from '../errors/catena-error.ts';

/** The settings of these names. */
export interface YieldLimits {
  readonly maxYieldsPerParse: number;
  /** Characters of JSON: items, states of hops, requests and data of drops together. */
  readonly maxYieldCharsPerParse: number;
  /** A start yields nothing but hops, which are staged in batches, so their size is not limited. */
  readonly maxYieldsPerStart: number;
}

/** The initial values of the settings. */
export const YIELD_LIMITS: YieldLimits = {
  maxYieldsPerParse: 100_000,
  maxYieldCharsPerParse: 64 * 1_024 * 1_024,
  maxYieldsPerStart: 2_000_000,
};

/** The functions of a module that yield. */
export type YieldingFunction = 'start' | 'request' | 'parse' | 'givenUp' | 'compute';

/** Counts what a call yields. */
export class YieldCount {
  readonly #fn: YieldingFunction;
  readonly #limits: YieldLimits;
  #yields = 0;
  #chars = 0;

  constructor(fn: YieldingFunction, limits: YieldLimits) {
    this.#fn = fn;
    this.#limits = limits;
  }

  /** Throws `parse.too_many_yields`, and `request.too_many` for requests. */
  addYield(): void {
    this.#yields += 1;
    const { maxYieldsPerParse, maxYieldsPerStart } = this.#limits;
    const isStart = this.#fn === 'start';
    const most = isStart ? maxYieldsPerStart : maxYieldsPerParse;
    if (this.#yields <= most) return;
    const remedy = `end the generator, split the work over several hops, or raise max_yields_per_${isStart ? 'start' : 'parse'}`;
    throw this.#fn === 'request'
      ? new CatenaError('request.too_many', `a hop made more than ${most} requests`, { remedy })
      : new CatenaError('parse.too_many_yields', `the step yielded more than ${most} times`, { remedy });
  }

  /** Throws `parse.yields_too_large`. */
  addChars(chars: number): void {
    this.#chars += chars;
    const { maxYieldCharsPerParse: most } = this.#limits;
    if (this.#fn === 'start' || this.#chars <= most) return;
    throw new CatenaError('parse.yields_too_large', `the step yielded more than ${most} characters of JSON`, {
      remedy: 'split the work over several hops, or raise max_yield_chars_per_parse',
    });
  }
}
