/** The input of a diagnosis. */
import { z } from 'zod';
import { DEFAULT_RESERVE_MS } from '../codecs/timeouts.ts';
import type { Brand } from '../extraction/brand.ts';
import { PROMPT_STYLES } from '../prompts/prompt.ts';

const name = z.string().trim().min(1, 'is empty').max(100);

/** A brand as a user gives it: its name, or with what else is known of it. */
export const brandSchema = z.union([
  name,
  z.strictObject({
    name,
    aliases: z.array(name).max(50).optional(),
    negativeContexts: z.array(name).max(50).optional(),
    trailingModel: z.boolean().optional(),
    caseSensitive: z.boolean().optional(),
    domains: z.array(name).max(50).optional(),
  }),
]);

export const diagnosisInput = z.strictObject({
  /** The brand that is diagnosed. */
  brand: brandSchema,
  rivals: z.array(brandSchema).max(50).default([]),
  /** Sent word for word. Questions that name the brand are counted separately. */
  questions: z.array(z.string().trim().min(1).max(2_000)).min(1).max(1_000),
  /** Names of the provider registry. */
  models: z.array(name).min(1).max(50),
  /** How often each model is asked each question. */
  repeats: z.int().min(1).max(100).default(1),
  /**
   * Questions whose share of answers that name the brand is known less well than this (half of its 95 % interval, 0.1: ±10 points) are
   * asked again, the least known first, once the first answers are there.
   */
  until: z.number().min(0.01).max(0.5).optional(),
  /** The most calls of the run, those that `until` adds included; default: three times the first ones, at most 20,000. */
  maxCalls: z.int().min(1).max(1_000_000).optional(),
  /** What the model is told beside the question: nothing (`bare`), or to give a list (`list`), whose figures stand apart. */
  prompt: z.enum(PROMPT_STYLES).default('bare'),
  /** The language of the report, and of the prompt `list`; default: each question's own. */
  language: z.enum(['zh', 'en']).optional(),
  /** The most tokens of an answer, where the registry has none for the model. */
  maxTokens: z.int().min(1).max(100_000).default(1_024),
  /**
   * Attempts of one call; only temporary failures are retried, while there is time. Refusals for want of capacity do not count:
   * after them a call is asked again, with growing pauses, as long as there is time.
   */
  attempts: z.int().min(1).max(10).default(2),
  /**
   * Concurrent calls of this run. Default: 8, raised to at most 64 if the deadline leaves no time for calls one after
   * the other; a run that still cannot fit says so in its report.
   */
  concurrency: z.int().min(1).max(1_000).optional(),
  /** Whether answers of other runs that are younger than 300 seconds are reused; this run's own always are. */
  cache: z.boolean().default(true),
  /** The part of the run's deadline that is reserved for the work after the last answer, in milliseconds. */
  reserveMs: z.int().min(0).default(DEFAULT_RESERVE_MS),
  /** Cited pages that are fetched, the most cited first. */
  maxSources: z.int().min(0).max(1_000).default(10),
  /** The timeout of one cited page, in milliseconds. */
  sourceTimeoutMs: z.int().min(1).max(60_000).default(1_500),
});

export type DiagnosisInput = z.output<typeof diagnosisInput>;

/** The brand that is diagnosed and its rivals, in the order of every figure. */
export function brandsOf({ brand, rivals }: DiagnosisInput): Brand[] {
  const seen = new Set<string>();
  return [brand, ...rivals].flatMap((each): Brand[] => {
    const given = typeof each === 'string' ? { name: each } : each;
    if (seen.has(given.name)) return [];
    seen.add(given.name);
    const { aliases, negativeContexts, trailingModel, caseSensitive, domains } = given as Brand;
    return [
      {
        name: given.name,
        ...(aliases === undefined ? {} : { aliases }),
        ...(negativeContexts === undefined ? {} : { negativeContexts }),
        ...(trailingModel === undefined ? {} : { trailingModel }),
        ...(caseSensitive === undefined ? {} : { caseSensitive }),
        ...(domains === undefined ? {} : { domains }),
      },
    ];
  });
}
