/**
 * The legacy API's deep intelligence: the report in the shape that existing front ends read. Every number is a figure of
 * the report (`libs/brand/figures`) or the difference of two; nothing is estimated here.
 */
import type { RunRecord } from '../../store/port.ts';
import type { BrandFigures } from '../figures/brand-figures.ts';
import { countedCalls } from '../figures/coverage.ts';
import { type Figure, overlap } from '../figures/figure.ts';
import type { BrandScore } from '../figures/scores.ts';
import type { Report } from '../module/report.ts';
import type { DeepIntelligenceBody, FigureBody } from './bodies.ts';
import { certaintyOf, isLast } from './certainty.ts';
import { inputOf } from './diagnosis-items.ts';
import { negativeSources } from './negative-sources.ts';
import { recommendationsOf } from './recommendations.ts';

type Analysis = DeepIntelligenceBody['competitive_analysis'];
type ComparedBrand = Analysis['brands'][number];

/** A list of a body that could grow with the questions has its first ones. */
const MAX_LISTED = 100;

/**
 * `GET /api/deep-intelligence/{task_id}`, of a completed run.
 *
 * - `overall_score` and `brand_scores`: `brandScores` of `libs/brand/figures/scores.ts`, 0 to 100, over the questions that name
 *   no brand; null while answers that were cut off could change it.
 * - `competitive_analysis`: the figures side by side; a gap is the brand's figure minus the rival's, and within noise if the
 *   95 % intervals of the two mention rates overlap.
 * - `negative_sources`: {@link negativeSources}.
 * - `recommendations`: `recommendationsOf`.
 */
export function deepIntelligence({
  record,
  report,
}: {
  readonly record: RunRecord;
  readonly report: Report;
}): DeepIntelligenceBody {
  const negative = negativeSources(report);
  const own = scoreOf(report, report.brand);
  return {
    ...certaintyOf(report, record),
    overall_score: own?.score ?? null,
    overall_score_low: own?.low ?? null,
    overall_score_high: own?.high ?? null,
    brand_scores: Object.fromEntries(report.scores.map((score) => [score.brand, toBrandScore(score)])),
    competitive_analysis: analysisOf(report),
    negative_sources: negative.slice(0, MAX_LISTED),
    recommendations: recommendationsOf({ report, input: inputOf(record), negative, isLast: isLast(report, record) }),
  };
}

function analysisOf(report: Report): Analysis {
  const { brand, figures } = report;
  const { overall, byQuestion } = figures.bare;
  const main = overall.brands.find((each) => each.brand === brand);
  const intercepted = byQuestion.flatMap(({ question, figures: own }) => {
    const interception = own.brands.find((each) => each.brand === brand)?.interception;
    return interception === undefined || interception.numerator === 0 ? [] : [{ question, interception }];
  });
  intercepted.sort((a, b) => b.interception.numerator - a.interception.numerator);
  return {
    answers: countedCalls(overall.coverage),
    brands: overall.brands.map((each) => comparedBrand(each, report)),
    gaps: main === undefined ? [] : gapsOf(main, report),
    intercepted_questions: intercepted.length,
    intercepted_by: intercepted
      .slice(0, MAX_LISTED)
      .map((each) => ({ ...each, interception: toFigure(each.interception) })),
  };
}

function comparedBrand(each: BrandFigures, report: Report): ComparedBrand {
  return {
    brand: each.brand,
    is_main: each.brand === report.brand,
    ...placesOf(scoreOf(report, each.brand)),
    mention_rate: toFigure(each.mentionRate),
    first_mention_rate: toFigure(each.firstMentionRate),
    average_rank: toFigure(each.averageRank),
    top3_rate: toFigure(each.top3Rate),
    share_of_voice: toFigure(each.shareOfVoice),
    recommendation_rate: toFigure(each.recommendationRate),
    sentiment: toFigure(each.sentiment),
    interception: toFigure(each.interception),
    citation_rate: toFigure(each.citationRate),
  };
}

function gapsOf(main: BrandFigures, report: Report): Analysis['gaps'] {
  return report.figures.bare.overall.brands
    .filter(({ brand }) => brand !== main.brand)
    .map((rival) => ({
      rival: rival.brand,
      score_gap: difference(scoreOf(report, main.brand)?.score ?? null, scoreOf(report, rival.brand)?.score ?? null),
      mention_gap: difference(main.mentionRate.value, rival.mentionRate.value),
      within_noise: overlap(main.mentionRate, rival.mentionRate),
    }));
}

function placesOf(score: BrandScore | undefined): Pick<ComparedBrand, 'place' | 'best_place' | 'worst_place'> {
  const { best, worst } = score?.place ?? { best: null, worst: null };
  return { place: best === worst ? best : null, best_place: best, worst_place: worst };
}

function scoreOf({ scores }: Report, brand: string): BrandScore | undefined {
  return scores.find((each) => each.brand === brand);
}

function toBrandScore({
  score,
  least,
  most,
  low,
  high,
  parts,
  tooThin,
}: BrandScore): DeepIntelligenceBody['brand_scores'][string] {
  return { score, least, most, low, high, parts, too_thin: tooThin };
}

function toFigure({ tooThin, ...figure }: Figure): FigureBody {
  return { ...figure, too_thin: tooThin };
}

/** Removes the error of binary fractions: 0.3 − 0.1 is 0.2. */
function difference(one: number | null, other: number | null): number | null {
  return one === null || other === null ? null : Math.round((one - other) * 10_000) / 10_000;
}
