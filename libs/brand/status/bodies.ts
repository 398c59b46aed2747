/**
 * The bodies of the status API: the only source for validation, the OpenAPI document and the types that front ends
 * import. Names are those that existing front ends read; enums are strings on the wire.
 */
import { z } from 'zod';
import { ERROR_TYPES } from '../codecs/diagnosis-error.ts';
import { RECOMMENDATION_RULES } from './recommendation-rules.ts';
import { FAILING_STAGES, STAGES, STATUSES } from './stages.ts';

const runId = z.string().describe('The id of the run: `execution_id` and `task_id` are the same.');
const stage = z.enum(STAGES);
const status = z.enum(STATUSES).describe('Follows from the stage alone.');
const progress = z.int().min(0).max(100).describe('Whole percent. It never decreases, except to 0 when the run fails.');
const isoTime = z.string().describe('ISO 8601, UTC.');

const errorSchema = z.object({
  error_type: z.enum(ERROR_TYPES),
  error_code: z.string(),
  error_message: z.string(),
  recoverable: z.boolean(),
  timestamp: isoTime,
});

const geoData = z.object({
  brand_mentioned: z.boolean().nullable().describe('Null: the answer was cut off before it named the brand.'),
  rank: z.int().nullable().describe('From 1; -1 when the brand is not mentioned; null when that is not known.'),
  sentiment: z.number().nullable().describe('-1 to 1; 0 when nothing is said; null for an answer that was cut off.'),
  cited_sources: z.array(
    z.object({ url: z.string(), site_name: z.string(), attitude: z.enum(['positive', 'neutral', 'negative']) }),
  ),
  interception: z
    .boolean()
    .nullable()
    .describe('A rival is recommended and the brand is absent; null when that is not known.'),
});

/** One call, in short. */
export const callResultSchema = z.object({
  brand: z.string(),
  model: z.string(),
  question: z.string(),
  repeat: z.int(),
  status: z.enum(['success', 'failed']),
  partial: z.boolean().describe('The answer was cut off; the received text is kept.'),
  data: geoData.nullable(),
  error: errorSchema.nullable(),
  elapsed: z.number().nullable().describe('Milliseconds of the last attempt; null if it was never sent.'),
});

/** One call with its answer. */
export const detailedResultSchema = z.object({
  brand: z.string(),
  question: z.string(),
  model: z.string(),
  repeat: z.int(),
  response: z.string().nullable(),
  geo_data: geoData.nullable(),
  error: errorSchema.nullable(),
  timestamp: isoTime,
});

const coverage = z.object({
  calls: z.int().describe('Planned calls.'),
  whole: z.int().describe('Answered in full.'),
  partial: z.int().describe('Cut off, or not at their end yet; what they have said is counted.'),
  failed: z.int().describe('Without an answer.'),
  pending: z.int().describe('Under way without a word yet, or not begun; what they will say is unknown, not absent.'),
});

const plan = z.object({
  calls: z.int(),
  concurrency: z.int().describe('Calls at once.'),
  expected_ms: z.number().describe('The least time of all calls, by the medians of their models.'),
  available_ms: z.number().nullable().describe('The time that there was; null without a deadline.'),
  fits: z.boolean().describe('False: some answers had to be cut off.'),
});

/** How much of what was asked stands behind a body. */
const certainty = z.object({
  partial: z.boolean().describe('Some calls have no whole answer: figures may be bounds.'),
  coverage,
  revision: z
    .int()
    .min(0)
    .describe('The number of the report behind this body: each later one has a greater number. 0 before the first.'),
  final: z
    .boolean()
    .describe('False as long as another report of the run may come: a completed diagnosis is then preliminary.'),
  plan: plan.nullable().describe('The forecast before the first call; null before the report.'),
});

const state = {
  stage,
  status,
  progress,
  is_completed: z
    .boolean()
    .describe(
      'Whether a report stands or the diagnosis has failed: the stage says which, and `final` whether it is the last.',
    ),
};

/** `GET /test/status/{task_id}`. */
export const statusBodySchema = z.object({
  task_id: runId,
  ...state,
  ...certainty.shape,
  created_at: isoTime,
  failed_stage: z.enum(FAILING_STAGES).nullable().describe('Of a failed run: the stage that failed.'),
  last_progress: z.int().min(0).max(99).nullable().describe('Of a failed run: the progress of the failed stage.'),
  error: z.string().nullable().describe('Of a failed run: the reason.'),
  results_count: z.int().describe('Calls that have ended; with a report, of those that it counts.'),
  results: z
    .array(callResultSchema)
    .describe('Their results in a fixed order: at most 1,000 in a response, `offset` and `limit` choose which.'),
  detailed_results: z.array(detailedResultSchema).describe('The same calls with their answers.'),
});

const figure = z.object({
  value: z
    .number()
    .nullable()
    .describe('Null when it is unknown: there is nothing to divide by, or answers that were cut off could change it.'),
  numerator: z.number().describe('What was heard.'),
  denominator: z.number(),
  least: z.number().nullable().describe('The smallest value that the unheard parts of answers allow.'),
  most: z.number().nullable().describe('The largest one. Both are the value when it is known.'),
  low: z.number().nullable().describe('95 % interval around least and most.'),
  high: z.number().nullable(),
  unknown: z.int().describe('Answers that were cut off before this figure was known of them.'),
  too_thin: z.boolean().describe('It is based on fewer than ten known answers.'),
});

const points = z.object({ visibility: z.number(), position: z.number(), voice: z.number() });

const brandScore = z.object({
  score: z.number().nullable().describe('0 to 100, one decimal; null when it is unknown, as with a figure.'),
  least: z.number().nullable().describe('The lowest score that the unheard parts of answers allow.'),
  most: z.number().nullable().describe('The highest one.'),
  low: z.number().nullable().describe('The score of the lower ends of the intervals of its figures.'),
  high: z.number().nullable(),
  parts: points.nullable().describe('Points that add up to the score: at most 50, 30 and 20. Null where the score is.'),
  too_thin: z.boolean(),
});

const comparedBrand = z.object({
  brand: z.string(),
  is_main: z.boolean(),
  place: z.int().nullable().describe('By score, from 1; null unless the intervals of the scores leave one place only.'),
  best_place: z
    .int()
    .nullable()
    .describe('The best place that they leave; null when no brand is known to be mentioned.'),
  worst_place: z.int().nullable(),
  mention_rate: figure,
  first_mention_rate: figure,
  average_rank: figure,
  top3_rate: figure,
  share_of_voice: figure,
  recommendation_rate: figure,
  sentiment: figure.describe('Read by word lists that are right in about 7 of 10 cases: it has no part in the score.'),
  interception: figure,
  citation_rate: figure,
});

const rivalGap = z.object({
  rival: z.string(),
  score_gap: z.number().nullable().describe('Score of the brand minus that of the rival; null when one is unknown.'),
  mention_gap: z
    .number()
    .nullable()
    .describe('Mention rate of the brand minus that of the rival; null when one is unknown.'),
  within_noise: z
    .boolean()
    .nullable()
    .describe('Whether the intervals of the mention rates overlap: then nobody is ahead.'),
});

const negativeSource = z.object({
  url: z.string(),
  site_name: z.string(),
  domain: z.string().nullable(),
  answers: z.int().describe('Answers that mention the brand and cite the page in a negative sentence.'),
  models: z.array(z.string()),
  questions: z.array(z.string()),
});

const recommendation = z.object({
  rule: z.enum(RECOMMENDATION_RULES),
  priority: z.enum(['high', 'medium', 'low']),
  text: z.string().describe('What to do, in the language of the run.'),
  reason: z.string().describe('The figures behind the recommendation, in words.'),
  numbers: z.record(z.string(), z.number()).describe('The same figures as numbers.'),
  subjects: z.array(z.string()).describe('The subjects: rivals, questions, models or addresses.'),
});

/** `GET /api/deep-intelligence/{task_id}`, of a completed run. */
export const deepIntelligenceBodySchema = z.object({
  ...certainty.shape,
  overall_score: z.number().nullable().describe('The score of the brand; null when it is unknown.'),
  overall_score_low: z
    .number()
    .nullable()
    .describe('The lower end of its interval, the unheard parts of answers included.'),
  overall_score_high: z.number().nullable(),
  brand_scores: z.record(z.string(), brandScore).describe('By brand.'),
  competitive_analysis: z.object({
    answers: z
      .int()
      .describe('Answers to questions that name no brand, pending ones included: the basis of all figures here.'),
    brands: z.array(comparedBrand),
    gaps: z.array(rivalGap),
    intercepted_questions: z
      .int()
      .describe('Questions with an answer that recommends a rival and does not name the brand.'),
    intercepted_by: z
      .array(z.object({ question: z.string(), interception: figure }))
      .describe('These questions, those with most such answers first; at most 100.'),
  }),
  negative_sources: z.array(negativeSource).describe('Most cited first; at most 100.'),
  recommendations: z.array(recommendation),
});

/** `GET /api/test-progress?executionId=`. */
export const testProgressBodySchema = z.object({
  execution_id: runId,
  ...state,
  ...certainty.shape,
  is_synced: z.boolean().describe('Whether the stored results agree with the stage.'),
  sync_check: z.object({
    status: z.enum(['synced', 'pending', 'mismatch']),
    results_count: z.int().describe('Calls that have ended.'),
    expected_count: z.int().describe('Calls that were planned.'),
    completion_verified: z
      .boolean()
      .describe('The run is completed, its report is final, and every call has a result that was not cut off.'),
  }),
});

export const historyEntrySchema = z.object({
  execution_id: runId,
  brand_name: z.string(),
  created_at: isoTime,
  status,
  progress,
  partial: certainty.shape.partial.nullable().describe('Null without a report.'),
  final: certainty.shape.final,
});

/** `GET /api/test-history?userOpenid&limit&offset`. */
export const historyBodySchema = z.object({
  status: z.literal('success'),
  history: z.array(historyEntrySchema).describe('Newest first.'),
  count: z.int().describe('Entries of this response.'),
});

export type Certainty = z.output<typeof certainty>;
export type CallResult = z.output<typeof callResultSchema>;
export type DetailedResult = z.output<typeof detailedResultSchema>;
export type StatusBody = z.output<typeof statusBodySchema>;
export type FigureBody = z.output<typeof figure>;
export type Recommendation = z.output<typeof recommendation>;
export type DeepIntelligenceBody = z.output<typeof deepIntelligenceBodySchema>;
export type TestProgressBody = z.output<typeof testProgressBodySchema>;
export type HistoryEntry = z.output<typeof historyEntrySchema>;
export type HistoryBody = z.output<typeof historyBodySchema>;
