/**
 * Resamples of the questions of a set of answers, drawn with replacement. The draws come from a fixed seed: the same answers have the
 * same intervals wherever and whenever they are read.
 */

import type { Ratio } from './observation.ts';
import { seededRandom } from './seeded-random.ts';

export interface Resampling {
  /** The 2.5 % and 97.5 % quantiles of a ratio of sums; undefined if no resample has a value. In the order of the answers. */
  interval(ratios: readonly Ratio[]): { readonly low: number; readonly high: number } | undefined;
}

const RESAMPLES = 1_000;
/** Below this number of resamples the quantiles would be rough … */
const FEWEST = 200;
/** … and above this number of drawn questions a table would take too long. */
const MAX_DRAWN = 40_000;
const SEED = 0x5eed;

/** `questions` has the question of each answer. Undefined with fewer than two: there is nothing to draw from. */
export function resample(questions: readonly string[]): Resampling | undefined {
  const places = new Map([...new Set(questions)].map((question, index) => [question, index]));
  const count = places.size;
  if (count < 2) return undefined;
  const placeOf = questions.map((question) => places.get(question) ?? 0);
  const resamples = Math.max(FEWEST, Math.min(RESAMPLES, Math.floor(MAX_DRAWN / count)));
  const random = seededRandom(SEED);
  const drawn = Uint32Array.from({ length: resamples * count }, () => Math.floor(random() * count));
  return {
    interval: (ratios) => {
      const [parts, wholes] = [new Float64Array(count), new Float64Array(count)];
      ratios.forEach(({ part, of }, index) => {
        const place = placeOf[index] ?? 0;
        parts[place] = (parts[place] ?? 0) + part;
        wholes[place] = (wholes[place] ?? 0) + of;
      });
      const values = new Float64Array(resamples);
      let found = 0;
      for (let first = 0; first < drawn.length; first += count) {
        let [part, of] = [0, 0];
        for (let at = first; at < first + count; at += 1) {
          const place = drawn[at] as number;
          part += parts[place] as number;
          of += wholes[place] as number;
        }
        if (of > 0) {
          values[found] = part / of;
          found += 1;
        }
      }
      if (found === 0) return undefined;
      const sorted = values.subarray(0, found).sort();
      const at = (share: number): number => sorted[Math.round(share * (found - 1))] as number;
      return { low: at(0.025), high: at(0.975) };
    },
  };
}
