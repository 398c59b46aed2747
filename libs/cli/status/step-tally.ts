/** What the steps of a run yield for their pages, to find selectors that match nothing. */
import type { ParsedPage } from '../engine.ts';

export interface StepPages {
  readonly step: string;
  /** Pages that this process has parsed. */
  readonly pages: number;
  /** Those for which the step yielded nothing: no item, no hop, not even a dropped record. */
  readonly empty: number;
}

export class StepTally {
  readonly #steps: readonly string[];
  readonly #pages = new Map<number, { pages: number; empty: number }>();

  constructor(steps: readonly string[]) {
    this.#steps = steps;
  }

  take({ stepIdx, yielded }: Pick<ParsedPage, 'stepIdx' | 'yielded'>): void {
    const { items, children, staged = 0, drops = 0 } = yielded;
    const tally = this.#pages.get(stepIdx) ?? { pages: 0, empty: 0 };
    tally.pages += 1;
    if (items.length + children.length + staged + drops === 0) tally.empty += 1;
    this.#pages.set(stepIdx, tally);
  }

  /** The steps that have parsed a page, in their order. */
  counts(): readonly StepPages[] {
    return this.#steps.flatMap((step, at) => {
      const tally = this.#pages.get(at);
      return tally === undefined ? [] : [{ step, ...tally }];
    });
  }
}
