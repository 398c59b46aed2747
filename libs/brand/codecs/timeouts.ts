/** The timeout of a call: what is left of the run's deadline; without one, by model and length of the question. */
import { MODEL_FAMILIES, type ModelFamily, type Provider } from './provider.ts';

export type Complexity = 'simple' | 'normal' | 'complex';

/** Milliseconds. */
export const TIMEOUTS_MS: Readonly<Record<ModelFamily, Readonly<Record<Complexity, number>>>> = {
  doubao: { simple: 15_000, normal: 30_000, complex: 60_000 },
  qwen: { simple: 10_000, normal: 20_000, complex: 45_000 },
  deepseek: { simple: 15_000, normal: 30_000, complex: 60_000 },
  zhipu: { simple: 10_000, normal: 20_000, complex: 45_000 },
};
/** The median time of a model's long answers, in milliseconds: measured over 732 logged calls. */
export const MEDIANS_MS: Readonly<Record<ModelFamily, number>> = {
  doubao: 35_000,
  qwen: 14_000,
  deepseek: 19_000,
  zhipu: 8_000,
};
/** The time in which nine of ten of them were whole, in milliseconds. */
export const P90S_MS: Readonly<Record<ModelFamily, number>> = {
  doubao: 50_000,
  qwen: 27_000,
  deepseek: 22_000,
  zhipu: 18_000,
};
/** The row for unknown models. */
const UNKNOWN: ModelFamily = 'qwen';
/** Other names of the families' models. */
const NAMED: readonly (readonly [RegExp, ModelFamily])[] = [
  [/doubao|豆包|\bark\b/i, 'doubao'],
  [/qwen|通义|千问|tongyi/i, 'qwen'],
  [/deepseek|深度求索/i, 'deepseek'],
  [/zhipu|智谱|\bglm/i, 'zhipu'],
];
const NORMAL_FROM_CHARS = 20;
const COMPLEX_FROM_CHARS = 50;
/** The part of the deadline that is reserved for the analysis after the last call. */
export const DEFAULT_RESERVE_MS = 3_000;

/** By the question's length in characters (code points): under 20 simple, under 50 normal, else complex. */
export function complexityOf(question: string): Complexity {
  const chars = [...question].length;
  if (chars < NORMAL_FROM_CHARS) return 'simple';
  return chars < COMPLEX_FROM_CHARS ? 'normal' : 'complex';
}

/** The row of a model: the configured family, else by its name, else qwen's. */
export function familyOf(model: string, configured?: ModelFamily): ModelFamily {
  if (configured !== undefined && MODEL_FAMILIES.includes(configured)) return configured;
  return NAMED.find(([pattern]) => pattern.test(model))?.[1] ?? UNKNOWN;
}

/** The table's time for a model and a question, in milliseconds. */
export function tableTimeoutMs(model: string, question: string, configured?: ModelFamily): number {
  return TIMEOUTS_MS[familyOf(model, configured)][complexityOf(question)];
}

/**
 * The timeout of a call in milliseconds: all that is left before the last call must have ended, since a run that waits gains nothing
 * from ending a call early; the table's time where nothing ends it. 0 means that there is no time left for the call.
 */
export function callTimeoutMs(
  { name, family }: Pick<Provider, 'name' | 'family'>,
  question: string,
  leftMs: number | undefined,
): number {
  return leftMs === undefined ? tableTimeoutMs(name, question, family) : Math.max(0, leftMs);
}
