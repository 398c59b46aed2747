/** One score per brand; each of its parts is a published figure. */
import type { BrandFigures } from './brand-figures.ts';

export interface BrandScore {
  readonly brand: string;
  /** 0–100, one decimal; null without answers. */
  readonly score: number | null;
  /** Parts in points, before rounding; they add up to the score. */
  readonly parts: {
    readonly visibility: number;
    readonly position: number;
    readonly voice: number;
    readonly sentiment: number;
  } | null;
  readonly tooThin: boolean;
}

/** Points that each part gives at most; together 100. */
export const WEIGHTS = { visibility: 40, position: 25, voice: 15, sentiment: 20 } as const;

/**
 * The score of a brand among `brandCount` brands:
 *
 *     40 · mention rate
 *   + 25 · (first-mention rate + top-3 rate) / 2
 *   + 15 · share of voice / (share of voice + 1 / brandCount) · (brandCount + 1) / brandCount
 *   + 20 · (1 + sentiment) / 2, and 0 for a brand that no answer mentions
 *
 * The third part gives half of its points, a little more with few brands, to a brand with an equal share, and all of them
 * to a brand that alone is mentioned. The weights are a convention of this project, not a measurement.
 */
export function brandScore(figures: BrandFigures, brandCount: number): BrandScore {
  const { brand, mentionRate, firstMentionRate, top3Rate, shareOfVoice, sentiment } = figures;
  if (mentionRate.value === null) return { brand, score: null, parts: null, tooThin: true };
  const share = shareOfVoice.value ?? 0;
  const equal = 1 / Math.max(1, brandCount);
  const parts = {
    visibility: WEIGHTS.visibility * mentionRate.value,
    position: (WEIGHTS.position * ((firstMentionRate.value ?? 0) + (top3Rate.value ?? 0))) / 2,
    voice: WEIGHTS.voice * (share / (share + equal)) * (1 + equal),
    sentiment: sentiment.value === null ? 0 : (WEIGHTS.sentiment * (1 + sentiment.value)) / 2,
  };
  const total = parts.visibility + parts.position + parts.voice + parts.sentiment;
  return { brand, score: Math.round(total * 10) / 10, parts, tooThin: mentionRate.tooThin };
}
