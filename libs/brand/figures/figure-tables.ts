/** All figures of a run: over everything, per model and per question, separately for bare and branded questions. */
import type { Brand } from '../extraction/brand.ts';
import type { AnswerRow } from './answer-row.ts';
import { type BrandFigures, brandFigures } from './brand-figures.ts';
import { type Coverage, coverageOf } from './coverage.ts';
import { type SourceFigures, sourceFigures } from './source-figures.ts';

export interface FigureSet {
  readonly coverage: Coverage;
  /** In the order in which the brands were given. */
  readonly brands: readonly BrandFigures[];
  readonly sources: SourceFigures;
}

export interface FigureTable {
  readonly overall: FigureSet;
  readonly byModel: readonly { readonly model: string; readonly figures: FigureSet }[];
  readonly byQuestion: readonly { readonly question: string; readonly figures: FigureSet }[];
}

export interface RunFigures {
  /** Questions that name no brand: they measure visibility. */
  readonly bare: FigureTable;
  /** Questions that name the brand: sentiment and sources, no visibility. */
  readonly branded: FigureTable;
}

/** The figures of a run; the first brand is the diagnosed one. */
export function runFigures(rows: readonly AnswerRow[], brands: readonly Brand[]): RunFigures {
  return {
    bare: tableOf(
      rows.filter(({ branded }) => !branded),
      brands,
    ),
    branded: tableOf(
      rows.filter(({ branded }) => branded),
      brands,
    ),
  };
}

function tableOf(rows: readonly AnswerRow[], brands: readonly Brand[]): FigureTable {
  const byModel = Map.groupBy(rows, ({ model }) => model);
  const byQuestion = Map.groupBy(rows, ({ question }) => question);
  return {
    overall: setOf(rows, brands),
    byModel: [...byModel].map(([model, own]) => ({ model, figures: setOf(own, brands) })),
    byQuestion: [...byQuestion].map(([question, own]) => ({ question, figures: setOf(own, brands) })),
  };
}

function setOf(rows: readonly AnswerRow[], brands: readonly Brand[]): FigureSet {
  return {
    coverage: coverageOf(rows),
    brands: brands.map(({ name, domains }) => brandFigures(rows, name, domains)),
    sources: sourceFigures(rows, brands[0]?.name ?? '', brands),
  };
}
