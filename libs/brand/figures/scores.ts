/** One score per brand; each of its parts is a published figure. And the order of the brands, as far as it is known. */
import type { BrandFigures } from './brand-figures.ts';
import type { Figure } from './figure.ts';

export interface ScoreParts {
  readonly visibility: number;
  readonly position: number;
  readonly voice: number;
}

export interface BrandScore {
  readonly brand: string;
  /** 0–100, one decimal; null without answers, and while answers that were cut off could change it. */
  readonly score: number | null;
  /** What the score is at least and at most, whatever was not heard; null without answers. */
  readonly least: number | null;
  readonly most: number | null;
  /** The score of the lower ends of the figures' 95 % intervals, and that of their upper ends. */
  readonly low: number | null;
  readonly high: number | null;
  /** Parts in points, before rounding; they add up to the score. Null where the score is. */
  readonly parts: ScoreParts | null;
  /** Best and worst place that the intervals allow, from 1; null if no brand is known to be mentioned. */
  readonly place: { readonly best: number; readonly worst: number } | null;
  readonly tooThin: boolean;
}

/** Points that each part gives at most; together 100. */
export const WEIGHTS = { visibility: 50, position: 30, voice: 20 } as const;

/**
 * The scores of the brands of a table, in their order. A score among n brands:
 *
 *     50 · mention rate
 *   + 30 · (first-mention rate + top-3 rate) / 2
 *   + 20 · share of voice / (share of voice + 1 / n) · (n + 1) / n
 *
 * The third part gives half of its points, a little more with few brands, to a brand with an equal share, and all of them to a
 * brand that alone is mentioned. Each part grows with its figure, so the score of the figures' lower bounds is the lower bound of the
 * score. The weights are a convention of this project, not a measurement. Sentiment has no part in it: it is read right too seldom
 * (docs/guides/brand-figures.md).
 */
export function brandScores(brands: readonly BrandFigures[]): BrandScore[] {
  const scores = brands.map((figures) => scoreOf(figures, brands.length));
  const isAnyMentioned = brands.some(({ mentionRate }) => mentionRate.numerator > 0);
  return scores.map((own) => ({ ...own, place: isAnyMentioned ? placeOf(own, scores) : null }));
}

function scoreOf(figures: BrandFigures, brandCount: number): Omit<BrandScore, 'place'> {
  const { brand, mentionRate } = figures;
  const at = (end: (figure: Figure) => number | null): number | null => {
    const parts = partsOf(figures, brandCount, end);
    return parts === null ? null : rounded(parts.visibility + parts.position + parts.voice);
  };
  const [least, most] = [at((figure) => figure.least), at((figure) => figure.most)];
  const score = least === most ? least : null;
  return {
    brand,
    score,
    least,
    most,
    low: at(({ low }) => low),
    high: at(({ high }) => high),
    parts: score === null ? null : partsOf(figures, brandCount, (figure) => figure.least),
    tooThin: mentionRate.tooThin,
  };
}

function partsOf(
  { mentionRate, firstMentionRate, top3Rate, shareOfVoice }: BrandFigures,
  brandCount: number,
  end: (figure: Figure) => number | null,
): ScoreParts | null {
  const mentions = end(mentionRate);
  if (mentions === null) return null;
  const share = end(shareOfVoice) ?? 0;
  const equal = 1 / Math.max(1, brandCount);
  return {
    visibility: WEIGHTS.visibility * mentions,
    position: (WEIGHTS.position * ((end(firstMentionRate) ?? 0) + (end(top3Rate) ?? 0))) / 2,
    voice: WEIGHTS.voice * (share / (share + equal)) * (1 + equal),
  };
}

/** Brands whose interval lies above take the places before it; those whose interval overlaps may stand on either side. */
function placeOf(own: Omit<BrandScore, 'place'>, all: readonly Omit<BrandScore, 'place'>[]): BrandScore['place'] {
  const { low, high } = own;
  if (low === null || high === null) return null;
  const ahead = all.filter((other) => other.low !== null && other.low > high).length;
  const behind = all.filter((other) => other.high !== null && other.high < low).length;
  return { best: 1 + ahead, worst: all.length - behind };
}

function rounded(points: number): number {
  return Math.round(points * 10) / 10;
}
