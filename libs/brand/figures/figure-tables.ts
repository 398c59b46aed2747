/** All figures of a run: over everything, per model and per question, separately for bare and branded questions. */
import type { Brand } from '../extraction/brand.ts';
import { type AnswerRow, answered } from './answer-row.ts';
import { type BrandFigures, brandFigures } from './brand-figures.ts';
import { type Coverage, coverageOf } from './coverage.ts';
import { type BrandNoise, noiseOf } from './noise.ts';
import { worstRankOf } from './observation.ts';
import { resample } from './resampling.ts';
import { type SourceFigures, sourceFigures } from './source-figures.ts';

export interface FigureSet {
  readonly coverage: Coverage;
  /** In the order in which the brands were given. */
  readonly brands: readonly BrandFigures[];
  readonly sources: SourceFigures;
}

export interface FigureTable {
  readonly overall: FigureSet;
  /** How much two halves of the run differ, by brand; null without repeats. */
  readonly noise: readonly BrandNoise[] | null;
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
  const worstRank = worstRankOf(answered(rows));
  const [branded = [], bare = []] = [true, false].map((kind) => rows.filter((row) => row.branded === kind));
  return { bare: tableOf(bare, brands, worstRank), branded: tableOf(branded, brands, worstRank) };
}

function tableOf(rows: readonly AnswerRow[], brands: readonly Brand[], worstRank: number): FigureTable {
  const byModel = Map.groupBy(rows, ({ model }) => model);
  const byQuestion = Map.groupBy(rows, ({ question }) => question);
  return {
    overall: setOf(rows, brands, worstRank),
    noise:
      noiseOf(
        rows,
        brands.map(({ name, domains = [] }) => ({ name, domains })),
      ) ?? null,
    byModel: [...byModel].map(([model, own]) => ({ model, figures: setOf(own, brands, worstRank) })),
    byQuestion: [...byQuestion].map(([question, own]) => ({ question, figures: setOf(own, brands, worstRank) })),
  };
}

function setOf(rows: readonly AnswerRow[], brands: readonly Brand[], worstRank: number): FigureSet {
  const resampling = resample(answered(rows).map(({ question }) => question));
  return {
    coverage: coverageOf(rows),
    brands: brands.map(({ name, domains = [] }) => brandFigures(rows, name, { domains, worstRank, resampling })),
    sources: sourceFigures(rows, brands[0]?.name ?? '', brands),
  };
}
