/**
 * How much a run differs from itself. Where each model was asked each question several times, the repeats are split into two halves,
 * and each half has its own figures: what they differ by is noise. A difference between two runs that is no larger says nothing.
 */
import { type AnswerRow, answered } from './answer-row.ts';
import { FIGURE_NAMES, type FigureName, type ObservedBrand, observe, worstRankOf } from './observation.ts';
import { seededRandom } from './seeded-random.ts';

export interface BrandNoise {
  readonly brand: string;
  /** The mean absolute difference of the two halves over many splits, by figure; null without a value in both halves. */
  readonly halves: Readonly<Record<FigureName, number | null>>;
}

const SPLITS = 100;
const SEED = 0x2a1f;

/** Of whole answers alone; undefined if no question was answered twice by a model. */
export function noiseOf(
  rows: readonly AnswerRow[],
  brands: readonly Omit<ObservedBrand, 'worstRank'>[],
): BrandNoise[] | undefined {
  const whole = answered(rows).filter(({ status }) => status === 'whole');
  const cells = [
    ...Map.groupBy(whole.keys(), (at) => JSON.stringify([whole[at]?.question, whole[at]?.model])).values(),
  ];
  const repeated = cells.filter(({ length }) => length > 1);
  if (repeated.length === 0) return undefined;
  const worstRank = worstRankOf(whole);
  const splits = splitsOf(repeated);
  return brands.map(({ name, domains }) => {
    const observations = whole.map((row) => observe(row, { name, domains, worstRank }));
    const halves = FIGURE_NAMES.map((figure) => {
      const ratios = observations.map((each) => each[figure].seen);
      const quotientOf = (half: readonly number[]): number | undefined => {
        const [part, of] = half.reduce(
          ([p, o], at) => [p + (ratios[at]?.part ?? 0), o + (ratios[at]?.of ?? 0)],
          [0, 0],
        );
        return of === 0 ? undefined : part / of;
      };
      const differences = splits.flatMap(([one, other]) => {
        const [a, b] = [quotientOf(one), quotientOf(other)];
        return a === undefined || b === undefined ? [] : [Math.abs(a - b)];
      });
      const sum = differences.reduce((total, each) => total + each, 0);
      return [figure, differences.length === 0 ? null : sum / differences.length] as const;
    });
    return { brand: name, halves: Object.fromEntries(halves) as Record<FigureName, number | null> };
  });
}

/** Half of the repeats of each question and model on either side; of an odd number the middle one is left out. */
function splitsOf(cells: readonly (readonly number[])[]): (readonly [number[], number[]])[] {
  const random = seededRandom(SEED);
  return Array.from({ length: SPLITS }, () => {
    const [one, other]: [number[], number[]] = [[], []];
    for (const cell of cells) {
      const order = cell.map((at) => ({ at, by: random() })).sort((a, b) => a.by - b.by);
      const half = Math.floor(order.length / 2);
      one.push(...order.slice(0, half).map(({ at }) => at));
      other.push(...order.slice(half, 2 * half).map(({ at }) => at));
    }
    return [one, other] as const;
  });
}
