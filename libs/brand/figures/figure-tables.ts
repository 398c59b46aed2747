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

/** What does not grow with models and questions. */
export interface FigureTotals {
  readonly overall: FigureSet;
  /** How much two halves of the run differ, by brand; null without repeats. */
  readonly noise: readonly BrandNoise[] | null;
}

export interface ModelFigures {
  readonly model: string;
  readonly figures: FigureSet;
}

export interface QuestionFigures {
  readonly question: string;
  readonly figures: FigureSet;
}

export interface FigureTable extends FigureTotals {
  readonly byModel: readonly ModelFigures[];
  readonly byQuestion: readonly QuestionFigures[];
}

/** One table of each kind of question. */
export interface ByKind<Table> {
  /** Questions that name no brand: they measure visibility. */
  readonly bare: Table;
  /** Questions that name the brand: sentiment and sources, no visibility. */
  readonly branded: Table;
}

export type RunFigures = ByKind<FigureTable>;

/** Where the figures of a run are stored, each table of a part of it beside those of the whole run. */
export class FigureTables {
  readonly #brands: readonly Brand[];
  readonly #worstRank: number;

  /** The first brand is the diagnosed one. `worstRank` is that of all rows of the run: {@link worstRankOf}. */
  constructor(brands: readonly Brand[], worstRank: number) {
    this.#brands = brands;
    this.#worstRank = worstRank;
  }

  totals(rows: readonly AnswerRow[]): ByKind<FigureTotals> {
    const brands = this.#brands.map(({ name, domains = [] }) => ({ name, domains }));
    return byKind(rows, (own) => ({ overall: this.#setOf(own), noise: noiseOf(own, brands) ?? null }));
  }

  byModel(rows: readonly AnswerRow[]): ByKind<ModelFigures[]> {
    return byKind(rows, (own) =>
      [...Map.groupBy(own, ({ model }) => model)].map(([model, each]) => ({ model, figures: this.#setOf(each) })),
    );
  }

  /** Of questions all of whose answers are among the rows. */
  byQuestion(rows: readonly AnswerRow[]): ByKind<QuestionFigures[]> {
    return byKind(rows, (own) =>
      [...Map.groupBy(own, ({ question }) => question)].map(([question, each]) => ({
        question,
        figures: this.#setOf(each),
      })),
    );
  }

  #setOf(rows: readonly AnswerRow[]): FigureSet {
    const [worstRank, resampling] = [this.#worstRank, resample(answered(rows).map(({ question }) => question))];
    return {
      coverage: coverageOf(rows),
      brands: this.#brands.map(({ name, domains = [] }) =>
        brandFigures(rows, name, { domains, worstRank, resampling }),
      ),
      sources: sourceFigures(rows, this.#brands[0]?.name ?? '', this.#brands),
    };
  }
}

/** All figures at once; the first brand is the diagnosed one. */
export function runFigures(rows: readonly AnswerRow[], brands: readonly Brand[]): RunFigures {
  const tables = new FigureTables(brands, worstRankOf(answered(rows)));
  return joinTables(tables.totals(rows), tables.byModel(rows), tables.byQuestion(rows));
}

export function joinTables(
  totals: ByKind<FigureTotals>,
  byModel: ByKind<readonly ModelFigures[]>,
  byQuestion: ByKind<readonly QuestionFigures[]>,
): RunFigures {
  const joined = (kind: keyof RunFigures): FigureTable => ({
    ...totals[kind],
    byModel: byModel[kind],
    byQuestion: byQuestion[kind],
  });
  return { bare: joined('bare'), branded: joined('branded') };
}

function byKind<Table>(rows: readonly AnswerRow[], tableOf: (rows: readonly AnswerRow[]) => Table): ByKind<Table> {
  const [bare, branded] = [rows.filter((row) => !row.branded), rows.filter((row) => row.branded)];
  return { bare: tableOf(bare), branded: tableOf(branded) };
}
