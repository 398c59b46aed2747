/** A figure always has its numerator, its denominator and its interval. */

export interface Figure {
  /** Null if the denominator is 0. */
  readonly value: number | null;
  readonly numerator: number;
  readonly denominator: number;
  /** 95 % interval; null without a value. */
  readonly low: number | null;
  readonly high: number | null;
  /** It is based on fewer than {@link ENOUGH} answers: too thin to compare. */
  readonly tooThin: boolean;
}

export const ENOUGH = 10;
/** The 97.5 % quantile of the normal distribution. */
const Z = 1.959963984540054;

/**
 * The Wilson score interval of a proportion at 95 % (E. B. Wilson, "Probable inference, the law of succession, and
 * statistical inference", Journal of the American Statistical Association 22, 1927):
 * (p + z²/2n ± z √(p(1 − p)/n + z²/4n²)) / (1 + z²/n). `successes` may be fractional; `trials` must be above 0.
 */
export function wilson(successes: number, trials: number): { readonly low: number; readonly high: number } {
  const p = successes / trials;
  const spread = Z * Math.sqrt((p * (1 - p)) / trials + (Z * Z) / (4 * trials * trials));
  const centre = p + (Z * Z) / (2 * trials);
  const scale = 1 + (Z * Z) / trials;
  // At the ends the formula gives exactly 0 and 1; rounding must not push it past them, or past p.
  return {
    low: Math.max(0, Math.min(p, (centre - spread) / scale)),
    high: Math.min(1, Math.max(p, (centre + spread) / scale)),
  };
}

/** A share with its Wilson interval. `answers` is the number of answers behind the denominator, if it differs. */
export function rate(numerator: number, denominator: number, answers: number = denominator): Figure {
  const tooThin = answers < ENOUGH;
  if (denominator <= 0) return { value: null, numerator, denominator, low: null, high: null, tooThin };
  return { value: numerator / denominator, numerator, denominator, ...wilson(numerator, denominator), tooThin };
}

/**
 * A mean: the sum of the values over their number. A mean of ranks is not a proportion, so its 95 % interval is that of the
 * mean, ± z s / √n, and null for a single value.
 */
export function mean(values: readonly number[]): Figure {
  const numerator = values.reduce((sum, value) => sum + value, 0);
  const denominator = values.length;
  const tooThin = denominator < ENOUGH;
  if (denominator === 0) return { value: null, numerator, denominator, low: null, high: null, tooThin };
  const value = numerator / denominator;
  if (denominator === 1) return { value, numerator, denominator, low: null, high: null, tooThin };
  const variance = values.reduce((sum, each) => sum + (each - value) ** 2, 0) / (denominator - 1);
  const half = Z * Math.sqrt(variance / denominator);
  return { value, numerator, denominator, low: value - half, high: value + half, tooThin };
}

/**
 * The net score (for − against) / all, −1 to 1. Its interval is the Wilson interval of (for + neutral/2) / all, stretched
 * from 0…1 to −1…1: never narrower than the true interval, because halves vary less than wholes.
 */
export function netScore(favourable: number, against: number, all: number): Figure {
  const share = rate(favourable + (all - favourable - against) / 2, all);
  const stretch = (point: number | null): number | null => (point === null ? null : 2 * point - 1);
  return {
    ...share,
    numerator: favourable - against,
    value: stretch(share.value),
    low: stretch(share.low),
    high: stretch(share.high),
  };
}
