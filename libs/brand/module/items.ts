/**
 * The items of a diagnosis: calls with their answers, what each says about each brand, cited pages, figures, the report. Each is bounded,
 * however many questions a run has.
 */
import { z } from 'zod';
import { ERROR_TYPES } from '../codecs/diagnosis-error.ts';
import { FINISHES } from '../codecs/model-call.ts';
import type { BrandFinding } from '../extraction/extract-answer.ts';
import type { DiscoveredBrand } from '../figures/discovery.ts';
import type { ByKind, FigureSet, FigureTotals } from '../figures/figure-tables.ts';
import type { BrandScore } from '../figures/scores.ts';

const error = z.object({
  error_type: z.enum(ERROR_TYPES),
  error_code: z.string(),
  error_message: z.string(),
  recoverable: z.boolean(),
  /** What to do about it at this provider, where something can be done. */
  remedy: z.string().optional(),
  timestamp: z.string(),
});

const page = z.object({
  url: z.string(),
  title: z.string().optional(),
  /** The domain of the page, where `url` is a redirect of the provider. */
  site: z.string().optional(),
});

const geoData = z.object({
  /** Null in these three: the answer was cut off before it was known. */
  brand_mentioned: z.boolean().nullable(),
  rank: z.number().nullable(),
  sentiment: z.number().nullable(),
  cited_sources: z.array(
    z.object({ url: z.string(), site_name: z.string(), attitude: z.enum(['positive', 'neutral', 'negative']) }),
  ),
  interception: z.boolean().nullable(),
});

/** One call: one question to one model, once. */
export const callItem = z.object({
  brand: z.string(),
  question: z.string(),
  model: z.string(),
  repeat: z.int(),
  branded: z.boolean(),
  /**
   * `whole` only if the model said that it had finished. `partial`: there is text, and more may be missing: what it does not
   * say is unknown. `failed`: there is no text. `pending`: the call is under way and has said nothing yet (of `begun` rows only).
   */
  status: z.enum(['whole', 'partial', 'failed', 'pending']),
  /** How the answer ended; null if there is none, or if it goes on. Of an answer without text, too: it failed, and this says how. */
  finish: z.enum(FINISHES).nullable(),
  /** The provider's own word for that; null if it sent none. */
  finish_word: z.string().nullable(),
  response: z.string().nullable(),
  geo_data: geoData.nullable(),
  error: error.nullable(),
  /** Whether the call asked for the provider's web search. */
  search: z.boolean(),
  /** What the provider searched for, in order. */
  queries: z.array(z.string()),
  /**
   * What the vendor's structured fields cite. `position`: the number under which the answer cites it, from 1; `spans`: where
   * `response` cites it, as the supported parts or as markers, in UTF-16 units, `end` excluded.
   */
  citations: z.array(
    page.extend({
      position: z.int().min(1).optional(),
      spans: z.array(z.object({ start: z.int(), end: z.int() })).optional(),
    }),
  ),
  /** Pages that the provider's search returned and that the answer does not cite: they are no sources of it. */
  retrieved: z.array(page),
  /**
   * What the provider counted for the answer, with all requests that it took; null in it: it did not say. `outputTokens`
   * include `reasoningTokens`, `inputTokens` include `cachedTokens`.
   */
  usage: z
    .object({
      inputTokens: z.number().nullable(),
      outputTokens: z.number().nullable(),
      reasoningTokens: z.number().nullable(),
      cachedTokens: z.number().nullable(),
      searchCalls: z.number().nullable(),
    })
    .nullable(),
  /** The price by which `cost` was computed, in the registry's currency; null if the registry has none. */
  price: z
    .object({
      /** Per million tokens. */
      input: z.number(),
      output: z.number(),
      cachedInput: z.number().nullable(),
      perThousandSearches: z.number().nullable(),
      /** The day of the price; null if the registry does not say. */
      asOf: z.string().nullable(),
      /** The page that had it; null if the registry does not say. */
      source: z.string().nullable(),
    })
    .nullable(),
  /** What the counted tokens and searches of all attempts cost; null without a price. */
  cost: z.number().nullable(),
  /**
   * The most that all attempts can have cost: `cost`, and bounds for attempts whose tokens were not counted. Null: there is no
   * bound, for want of a price or because the provider searched, which is not bounded.
   */
  cost_at_most: z.number().nullable(),
  /** Requests that were sent: attempts, and turns of a search that takes several. */
  attempts: z.int().min(0),
  /** The id of the model that answered, as the provider reports it. */
  reported_model: z.string().nullable(),
  /** Of the last attempt; null if it was never sent or not measured. */
  elapsed_ms: z.number().nullable(),
  /** Whether a cached answer was used: the same question had been answered before, in this run or another. */
  from_cache: z.boolean(),
  /** Version of the prompt. */
  prompt: z.string(),
  timestamp: z.string(),
});

/** A further call, which the first answers asked for. */
export const furtherItem = z.object({ question: z.int(), model: z.string(), repeat: z.int() });

/** What one answer says about one brand. */
export const mentionItem = z.object({
  question: z.string(),
  model: z.string(),
  repeat: z.int(),
  branded: z.boolean(),
  brand: z.string(),
  finding: z.custom<BrandFinding>(),
});

/** A cited page: its title and the brands that it names; or why it could not be read. */
export const sourceItem = z.object({
  url: z.string(),
  status: z.enum(['read', 'failed']),
  title: z.string().nullable(),
  /** Brands that the page names. */
  brands: z.array(z.string()),
  error: z.string().nullable(),
});

/** The figures of a whole run. What grows with its models, questions and pages stands in rows of its own. */
export const figuresItem = z.object({
  figures: z.custom<ByKind<FigureTotals>>(),
  scores: z.array(z.custom<BrandScore>()),
  discovered: z.array(z.custom<DiscoveredBrand>()),
  /** The worst rank in any answer: what an unheard part is taken to hold at worst. */
  worst_rank: z.int().min(1),
});

/** The figures of one model, over questions that name the brand (`branded`) or over the others. */
export const modelFiguresItem = z.object({ model: z.string(), branded: z.boolean(), figures: z.custom<FigureSet>() });

/** The figures of one question. */
export const questionFiguresItem = z.object({
  question: z.string(),
  branded: z.boolean(),
  figures: z.custom<FigureSet>(),
});

/** A page that is to be read, with the number of answers that cite or link it; the most cited first. */
export const citedItem = z.object({ url: z.string(), answers: z.int() });

/** The head of a report: what does not grow with questions and calls. `wholeReport` joins the rest to it. */
export const reportItem = z.object({
  /** The number of the report, which a later one raises: the opening of the phases in which it was made. */
  revision: z.int().min(1),
  /** False: it is preliminary. Calls are under way, and another report will replace it. */
  final: z.boolean(),
  /** Whether at least one call was answered, whole or in part. */
  success: z.boolean(),
  /** `failed`: no call was answered, and none will be. */
  status: z.enum(['completed', 'failed']),
  brand: z.string(),
  rivals: z.array(z.string()),
  models: z.array(z.string()),
  /** Milliseconds since the run was accepted. */
  elapsed: z.number().nullable(),
  total: z.int(),
  completed: z.int(),
  /** How many answers are complete, cut off (or not at their end yet), failed, and under way without a word. */
  coverage: z.object({ whole: z.int(), partial: z.int(), failed: z.int(), pending: z.int() }),
  /** What the counted tokens cost, in the registry's currency; null if a call was asked without a known price. */
  cost: z.number().nullable(),
  /** The most that the run can have cost: `cost`, and the bounds of calls whose tokens were not counted. */
  cost_at_most: z.number().nullable(),
  /** The forecast before the first call. */
  plan: z.object({
    calls: z.int(),
    /** Concurrent calls. */
    concurrency: z.int(),
    /** How many sets of concurrent calls follow each other. */
    rounds: z.int(),
    /** The least time of all calls, if each takes the median time of its model. */
    expectedMs: z.number(),
    /** The time from the acceptance to the reserve before the deadline; null without a deadline. */
    availableMs: z.number().nullable(),
    /** False: some calls will be cut off, or not be made. */
    fits: z.boolean(),
  }),
  /** How many calls failed for which reason, the most frequent first. */
  errors: z.array(z.object({ error_type: z.enum(ERROR_TYPES), count: z.int() })),
  figures: z.custom<ByKind<FigureTotals>>(),
  scores: z.array(z.custom<BrandScore>()),
  /** Brands that answers name beside the given ones, and that nobody listed. */
  discovered: z.array(z.custom<DiscoveredBrand>()),
});

export type CallItem = z.output<typeof callItem>;
export type SourceItem = z.output<typeof sourceItem>;
export type MentionItem = z.output<typeof mentionItem>;
export type FiguresItem = z.output<typeof figuresItem>;
export type ModelFiguresItem = z.output<typeof modelFiguresItem>;
export type QuestionFiguresItem = z.output<typeof questionFiguresItem>;
export type CitedItem = z.output<typeof citedItem>;
export type ReportItem = z.output<typeof reportItem>;
