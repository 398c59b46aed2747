/**
 * A figure always has what was counted, its bounds, and its 95 % interval. Its value is null as long as answers that were cut off
 * could change it: a bound is called a bound.
 */
import type { Observation, Ratio, Scale } from './observation.ts';
import type { Resampling } from './resampling.ts';

export interface Figure {
  /** Null if it is unknown: there is nothing to divide by, or `least` and `most` differ. */
  readonly value: number | null;
  /** What was heard: the sum of the parts … */
  readonly numerator: number;
  /** … and what it is divided by. */
  readonly denominator: number;
  /** The smallest value that the unheard parts of answers allow; null without an answer that may take part. */
  readonly least: number | null;
  /** The largest value that they allow. */
  readonly most: number | null;
  /** 95 % interval around `least` to `most`; null where there is none. */
  readonly low: number | null;
  readonly high: number | null;
  /** Answers that were cut off before the figure was known of them. */
  readonly unknown: number;
  /** It is based on fewer than {@link ENOUGH} known answers: too thin to compare. */
  readonly tooThin: boolean;
}

export const ENOUGH = 10;
/** The 97.5 % quantile of the normal distribution. */
const Z = 1.959963984540054;

interface Interval {
  readonly low: number;
  readonly high: number;
}

/**
 * The Wilson score interval of a proportion at 95 % (E. B. Wilson, "Probable inference, the law of succession, and
 * statistical inference", Journal of the American Statistical Association 22, 1927):
 * (p + z²/2n ± z √(p(1 − p)/n + z²/4n²)) / (1 + z²/n). `successes` may be fractional; `trials` must be above 0.
 */
export function wilson(successes: number, trials: number): Interval {
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

/** A share of known answers, with its Wilson interval. */
export function rate(numerator: number, denominator: number): Figure {
  const tooThin = denominator < ENOUGH;
  const counts = { numerator, denominator, unknown: 0, tooThin };
  if (denominator <= 0) return { ...counts, value: null, least: null, most: null, low: null, high: null };
  const value = numerator / denominator;
  return { ...counts, value, least: value, most: value, ...wilson(numerator, denominator) };
}

/**
 * A figure of what answers told. Its interval begins below `least` and ends above `most`, each by sampling error: the wider of two
 * estimates, since each fails where the other holds.
 *
 * - Bootstrap over questions (B. Efron, R. Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13: percentiles; whole
 *   questions are drawn, because answers to one question are alike). It knows nothing of what was never seen: of four answers that all
 *   name a brand it makes exactly 100 %.
 * - The interval of independent answers: Wilson's for a share; for a net score the same, stretched from 0…1 to −1…1; for a rank
 *   the mean ± z s / √n. It takes answers to one question for independent.
 *
 * `resampling` is that of the answers, in their order; without it, or with a single question, only the second is used.
 */
export function figureOf(observations: readonly Observation[], scale: Scale, resampling?: Resampling): Figure {
  const seen = sumOf(observations, 'seen');
  const unknown = observations.filter(({ least, most }) => least.part !== most.part || least.of !== most.of).length;
  const taking = observations.filter(({ most, least }) => most.of > 0 || least.of > 0).length;
  const counts = { numerator: seen.part, denominator: seen.of, unknown, tooThin: taking - unknown < ENOUGH };
  // A single brand has the whole voice or none: a case without a mention has no share.
  const bound = (each: Case): number | null => quotient(sumOf(observations, each));
  const [least, most] = [bound('least') ?? bound('most'), bound('most') ?? bound('least')];
  if (least === null || most === null) return { ...counts, value: null, least, most, low: null, high: null };
  const low = intervalAt(observations, 'least', scale, resampling)?.low ?? null;
  const high = intervalAt(observations, 'most', scale, resampling)?.high ?? null;
  return { ...counts, value: unknown === 0 ? least : null, least, most, low, high };
}

type Case = 'seen' | 'least' | 'most';

function intervalAt(
  observations: readonly Observation[],
  each: 'least' | 'most',
  scale: Scale,
  resampling: Resampling | undefined,
): Interval | undefined {
  const ratios = observations.map((observation) => observation[each]);
  const independent = SPREADS[scale](ratios);
  const drawn = resampling?.interval(ratios);
  if (independent === undefined || drawn === undefined) return independent;
  return { low: Math.min(independent.low, drawn.low), high: Math.max(independent.high, drawn.high) };
}

const SPREADS: Readonly<Record<Scale, (ratios: readonly Ratio[]) => Interval | undefined>> = {
  share: (ratios) => proportion(ratios, (value) => value),
  net: (ratios) => {
    const share = proportion(ratios, (value) => (value + 1) / 2);
    return share === undefined ? undefined : { low: 2 * share.low - 1, high: 2 * share.high - 1 };
  },
  rank: (ratios) => {
    const taking = ratios.filter(({ of }) => of > 0);
    if (taking.length < 2) return undefined;
    const mean = taking.reduce((sum, { part }) => sum + part, 0) / taking.length;
    const variance = taking.reduce((sum, { part }) => sum + (part - mean) ** 2, 0) / (taking.length - 1);
    const half = Z * Math.sqrt(variance / taking.length);
    return { low: Math.max(1, mean - half), high: mean + half };
  },
};

/** Wilson's interval of as many trials as answers take part, however many mentions there are in each. */
function proportion(ratios: readonly Ratio[], toShare: (value: number) => number): Interval | undefined {
  const taking = ratios.filter(({ of }) => of > 0);
  const value = quotient(sum(taking));
  return value === null ? undefined : wilson(toShare(value) * taking.length, taking.length);
}

function sumOf(observations: readonly Observation[], each: Case): Ratio {
  return sum(observations.map((observation) => observation[each]));
}

function sum(ratios: readonly Ratio[]): Ratio {
  let [part, of] = [0, 0];
  for (const ratio of ratios) {
    part += ratio.part;
    of += ratio.of;
  }
  return { part, of };
}

function quotient({ part, of }: Ratio): number | null {
  return of === 0 ? null : part / of;
}

/** Whether two figures cannot be told apart: their intervals have a point in common. Null if one of them has none. */
export function overlap(one: Pick<Figure, 'low' | 'high'>, other: Pick<Figure, 'low' | 'high'>): boolean | null {
  if (one.low === null || one.high === null || other.low === null || other.high === null) return null;
  return one.low <= other.high && other.low <= one.high;
}
