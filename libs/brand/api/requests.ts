/** The requests of the routes of brand diagnosis. Unknown fields are ignored. */
import { z } from 'zod';
import { brandSchema } from '../module/input.ts';
import { DEFAULT_DEADLINE_MS } from '../module/run-times.ts';
import { MAX_CALLS } from '../module/size.ts';
import { PROMPT_STYLES } from '../prompts/prompt.ts';
import { STAGES } from '../status/stages.ts';

const MAX_BRANDS = 51;
const MAX_MODELS = 50;
const MAX_QUESTIONS = 100;
const MAX_TEXT_CHARS = 20_000;
const MAX_WAIT_SECONDS = 60;
const MIN_DEADLINE_SECONDS = 5;
const MAX_DEADLINE_SECONDS = 600;
export const DEFAULT_DEADLINE_SECONDS = DEFAULT_DEADLINE_MS / 1_000;
const DEFAULT_PAGE = 20;
const MAX_PAGE = 100;
const MAX_OFFSET = 10_000;
/** The most results of a status; with their answers they take several kilobytes each. */
const MAX_RESULTS = 1_000;

const name = z.string().trim().min(1, 'is empty').max(100);
const runId = z
  .string()
  .regex(/^[\x21-\x7e]{1,100}$/, 'is not an execution_id')
  .describe('The `execution_id` of the submission.');
/** Of a user or a task. */
const identifier = z
  .string()
  .trim()
  .min(1, 'is empty')
  .max(200)
  .regex(/^\P{Cc}*$/u, 'contains a control character');

const selectedModel = z.union([
  name,
  z.object({ name, checked: z.boolean().default(true).describe('Entries that are not checked are ignored.') }),
]);

/** `POST /api/perform-brand-test`. */
export const submissionRequest = z.object({
  brand_list: z
    .array(brandSchema)
    .min(1, 'names no brand')
    .max(MAX_BRANDS)
    .describe(
      'The brand, then its competitors: names, or objects with aliases, domains, negativeContexts (texts that do not mean the brand), caseSensitive and trailingModel.',
    ),
  selectedModels: z
    .array(selectedModel)
    .min(1, 'names no model')
    .max(MAX_MODELS)
    .describe('Names of the provider registry, in any case.'),
  custom_question: z
    .string()
    .max(MAX_TEXT_CHARS)
    .optional()
    .describe('Questions in one text: one per line, and one per question mark.'),
  customQuestions: z.array(z.string().trim().max(2_000)).max(MAX_QUESTIONS).optional().describe('One question each.'),
  userOpenid: identifier.nullish().describe('The user whose history lists the run.'),
  repeats: z.int().min(1).max(100).optional().describe('How often each model is asked each question; default: once.'),
  until: z
    .number()
    .min(0.01)
    .max(0.5)
    .optional()
    .describe(
      'Questions are asked again, the least known first, until the mention rate of each is known to ± this share.',
    ),
  maxCalls: z
    .int()
    .min(1)
    .max(MAX_CALLS)
    .optional()
    .describe('The most calls with `until`; default: three times the first ones.'),
  prompt: z.enum(PROMPT_STYLES).optional().describe('bare: the question alone, the default; list: asks for a list.'),
  maxSources: z.int().min(0).max(1_000).optional().describe('Cited pages that are read; default: 10.'),
  task: identifier
    .optional()
    .describe(
      'The task that the run belongs to: thresholds and marks act over all its runs. Names are shared by all users.',
    ),
  costCap: z
    .number()
    .positive()
    .optional()
    .describe('The most that the run may cost, in the currency of the registry.'),
  language: z.enum(['zh', 'en']).optional().describe('Default: the language of each question.'),
  deadlineSeconds: z
    .number()
    .min(MIN_DEADLINE_SECONDS)
    .max(MAX_DEADLINE_SECONDS)
    .default(DEFAULT_DEADLINE_SECONDS)
    .describe(
      'The final report is ready within this time. A preliminary one is ready within 20 s, if the calls may take longer than that.',
    ),
});

export const submissionHeaders = z.object({
  'idempotency-key': z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe('The same key of the same user with the same body returns the first run.'),
});

export const taskParams = z.object({ task_id: runId });

export const reportParams = z.object({
  file: z
    .string()
    .regex(/^[\x21-\x7e]{1,100}\.(?:html|csv)$/, 'is not an execution_id with .html or .csv')
    .describe('The `execution_id` with `.html` or `.csv`.'),
});

const revision = z.coerce
  .number()
  .pipe(z.int().min(0))
  .optional()
  .describe('The `revision` of the report that the client knows: waits for a later report instead of another stage.');

export const reportQuery = z.object({
  wait: z.coerce
    .number()
    .min(0)
    .max(MAX_WAIT_SECONDS)
    .default(0)
    .describe('Seconds to wait for a report after `revision` before answering.'),
  revision,
});

export const statusQuery = z.object({
  wait: z.coerce
    .number()
    .min(0)
    .max(MAX_WAIT_SECONDS)
    .default(0)
    .describe('Seconds to wait for another stage, or for another report, before answering.'),
  stage: z
    .enum(STAGES)
    .optional()
    .describe('The stage that the client knows; default: the one at the time of the request.'),
  revision,
  offset: z.coerce.number().pipe(z.int().min(0)).default(0).describe('Results to leave out at the beginning.'),
  limit: z.coerce
    .number()
    .pipe(z.int().min(0).max(MAX_RESULTS))
    .default(MAX_RESULTS)
    .describe('The most results in the response; 0: the status alone.'),
});

export const progressQuery = z.object({ executionId: runId });

export const historyQuery = z.object({
  userOpenid: identifier,
  limit: z.coerce.number().pipe(z.int().min(1).max(MAX_PAGE)).default(DEFAULT_PAGE),
  offset: z.coerce.number().pipe(z.int().min(0).max(MAX_OFFSET)).default(0),
});

export type SubmissionRequest = z.output<typeof submissionRequest>;
export type StatusQuery = z.output<typeof statusQuery>;
export type HistoryQuery = z.output<typeof historyQuery>;

/** Whether a list of questions is too long for one submission. */
export function tooManyQuestions(questions: readonly string[]): boolean {
  return questions.length > MAX_QUESTIONS;
}
