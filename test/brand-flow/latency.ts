/** How long models take for a long answer: log-normal by what was measured, drawn from a seed. */
import type { Random } from './random.ts';

/** Seconds: the median and the 90th percentile of a model. */
export interface LatencyProfile {
  readonly p50: number;
  readonly p90: number;
}

export const MODEL_LATENCY: Readonly<Record<string, LatencyProfile>> = {
  doubao: { p50: 35, p90: 50 },
  deepseek: { p50: 19, p90: 22 },
  qwen: { p50: 14, p90: 27 },
  zhipu: { p50: 8, p90: 18 },
};

/** The 90 % quantile of the normal distribution. */
const Z90 = 1.2815515655446004;

/** Milliseconds of one answer. */
export function drawLatencyMs({ p50, p90 }: LatencyProfile, random: Random): number {
  const sigma = Math.log(p90 / p50) / Z90;
  return 1_000 * p50 * Math.exp(sigma * random.normal());
}
