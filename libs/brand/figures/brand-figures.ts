/** The figures of one brand over a set of rows. A failed call is missing coverage, never an answer without the brand. */
import { type AnswerRow, answered } from './answer-row.ts';
import { type Figure, figureOf } from './figure.ts';
import { BRAND_SCALES, FIGURE_NAMES, type FigureName, observe, worstRankOf } from './observation.ts';
import { type Resampling, resample } from './resampling.ts';

/**
 * Each figure by its name:
 *
 * - `mentionRate`: answers that mention the brand / answers.
 * - `firstMentionRate`: answers that mention it before every other given brand / answers.
 * - `averageRank`: sum of ranks / answers that mention it.
 * - `top3Rate`: answers that rank it third or better / answers.
 * - `shareOfVoice`: answers that mention it / mentions of all given brands, each counted once per answer.
 * - `citationRate`: answers with sources that cite one of the brand's own domains / answers with sources (`cited` or `linked`).
 * - `recommendationRate`: answers that recommend it / answers.
 * - `sentiment`: (positive − negative) / answers that mention it; `positive`, `neutral`, `negative`: each of them / the same.
 * - `interception`: answers that recommend another given brand and do not mention this one / answers.
 */
export type BrandFigures = { readonly brand: string } & Readonly<Record<FigureName, Figure>>;

export interface FigureBasis {
  /** The registrable domains that the brand owns. */
  readonly domains?: readonly string[];
  /** The worst rank of an unheard part; default: that of these rows. A table of a part of a run takes that of the run. */
  readonly worstRank?: number;
  /** Of the answered rows; may be given when many brands are counted over the same rows. */
  readonly resampling?: Resampling | undefined;
}

export function brandFigures(rows: readonly AnswerRow[], brand: string, basis: FigureBasis = {}): BrandFigures {
  const answers = answered(rows);
  const { domains = [], worstRank = worstRankOf(answers) } = basis;
  const resampling = 'resampling' in basis ? basis.resampling : resample(answers.map(({ question }) => question));
  const observations = answers.map((row) => observe(row, { name: brand, domains, worstRank }));
  const figures = FIGURE_NAMES.map((name) => {
    const own = observations.map((each) => each[name]);
    return [name, figureOf(own, BRAND_SCALES[name], resampling)] as const;
  });
  return { brand, ...(Object.fromEntries(figures) as Record<FigureName, Figure>) };
}
