/** Formats figures for readers. An unknown value is a dash, never a zero. */
import type { Figure } from '../figures/figure.ts';
import type { Scale } from '../figures/observation.ts';
import type { BrandScore } from '../figures/scores.ts';

export const NOTHING = '–';

/** `67%`. */
export function percent(value: number | null): string {
  return value === null ? NOTHING : `${Math.round(100 * value)}%`;
}

/** `1.5`. */
export function decimal(value: number | null, digits = 1): string {
  return value === null ? NOTHING : withoutMinusZero(value.toFixed(digits));
}

/** `+0.33`, `−0.20`, `0.00`: with a true minus sign. */
export function signed(value: number | null, digits = 2): string {
  if (value === null) return NOTHING;
  const text = withoutMinusZero(Math.abs(value).toFixed(digits));
  if (Number(text) === 0) return text;
  return value > 0 ? `+${text}` : `−${text}`;
}

/** `12.3 s`. */
export function seconds(ms: number | null): string {
  return ms === null ? NOTHING : `${(ms / 1_000).toFixed(1)} s`;
}

/** A cost in the registry's currency: with enough digits to differ from zero; a dash if it is unknown. */
export function money(value: number | null): string {
  if (value === null) return NOTHING;
  return value === 0 ? '0' : value >= 1 ? value.toFixed(2) : value.toFixed(6).replace(/0+$/, '');
}

/** A value as a share, a mean rank, or a net score. */
export function scaled(value: number | null, scale: Scale): string {
  if (scale === 'share') return percent(value);
  return scale === 'rank' ? decimal(value) : signed(value);
}

/** The value, or its bounds if answers that were cut off could change it: `50–100%`. */
export function valueText({ value, least, most }: Pick<Figure, 'value' | 'least' | 'most'>, scale: Scale): string {
  return value === null ? interval({ low: least, high: most }, scale) : scaled(value, scale);
}

/** A score, or its bounds. */
export function scoreText(score: Pick<BrandScore, 'score' | 'least' | 'most'> | undefined): string {
  if (score === undefined || score.least === null || score.most === null) return NOTHING;
  return score.score === null ? `${decimal(score.least, 0)}–${decimal(score.most, 0)}` : decimal(score.score);
}

/** `1`, or `1–3` where the intervals leave several places; a dash where no brand is known to be mentioned. */
export function placeText(place: BrandScore['place']): string {
  if (place === null) return NOTHING;
  return place.best === place.worst ? String(place.best) : `${place.best}–${place.worst}`;
}

/** The 95 % interval, `30–90%`; a dash where there is none. */
export function interval({ low, high }: Pick<Figure, 'low' | 'high'>, scale: Scale): string {
  if (low === null || high === null) return NOTHING;
  if (scale === 'share') return `${Math.round(100 * low)}–${Math.round(100 * high)}%`;
  // The interval of a mean of few ranks may exceed the best rank, which no brand can.
  return scale === 'rank' ? `${decimal(Math.max(1, low))}–${decimal(high)}` : `${signed(low)} … ${signed(high)}`;
}

/** A difference of two values of a scale; of shares in percentage points. */
export function differenceText(difference: number | null, scale: Scale): string {
  return scale === 'share' && difference !== null ? `${signed(100 * difference, 0)} pp` : signed(difference);
}

/** The basis of a value: the fraction for a share, else the number of answers. */
export function behind({ numerator, denominator }: Figure, scale: Scale): string {
  return scale === 'share' ? `${numerator}/${denominator}` : `n=${denominator}`;
}

/** `2026-03-01 12:34 UTC`. */
export function instant(unixMs: number): string {
  return `${new Date(unixMs).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

function withoutMinusZero(text: string): string {
  return /^-0(?:\.0+)?$/.test(text) ? text.slice(1) : text;
}
