/** How much one execution may yield. One that yields more is taken to be endless, and fails by the name of its budget. */
import { CatenaError } from '../../errors/catena-error.ts';

export interface YieldBudget {
  readonly maxYields: number;
  /** Characters of JSON: items, states of hops and data of drops together. */
  readonly maxChars: number;
  /** The setting that raises `maxYields`. */
  readonly setting: 'max_yields_per_parse' | 'max_yields_per_start';
}

/** The settings of {@link stepBudget}. */
export interface StepYieldLimits {
  readonly maxYieldsPerParse: number;
  readonly maxYieldCharsPerParse: number;
}

/** The budget of a parse, a compute step or a `givenUp`. */
export function stepBudget({ maxYieldsPerParse, maxYieldCharsPerParse }: StepYieldLimits): YieldBudget {
  return { maxYields: maxYieldsPerParse, maxChars: maxYieldCharsPerParse, setting: 'max_yields_per_parse' };
}

/** The budget of a start. It yields nothing but hops, which are staged in batches, so their size is not limited. */
export function startBudget(maxYieldsPerStart: number): YieldBudget {
  return { maxYields: maxYieldsPerStart, maxChars: Number.POSITIVE_INFINITY, setting: 'max_yields_per_start' };
}

/** Counts what an execution yields. */
export class YieldCount {
  readonly #budget: YieldBudget;
  #yields = 0;
  #chars = 0;

  constructor(budget: YieldBudget) {
    this.#budget = budget;
  }

  /** Throws `parse.too_many_yields`. */
  addYield(): void {
    this.#yields += 1;
    const { maxYields, setting } = this.#budget;
    if (this.#yields <= maxYields) return;
    throw new CatenaError('parse.too_many_yields', `the step yielded more than ${maxYields} times`, {
      remedy: `end the generator, split the work over several hops, or raise ${setting}`,
    });
  }

  /** Throws `parse.yields_too_large`. */
  addChars(chars: number): void {
    this.#chars += chars;
    const { maxChars } = this.#budget;
    if (this.#chars <= maxChars) return;
    throw new CatenaError('parse.yields_too_large', `the step yielded more than ${maxChars} characters of JSON`, {
      remedy: 'split the work over several hops, or raise max_yield_chars_per_parse',
    });
  }
}
