/**
 * How large a diagnosis may be. Its bounds keep all that grows with it within what a step may yield and a report can be made of: they
 * are checked at the submission, since every call is paid by the time the report is made.
 */
import { type DiagnosisInput, diagnosisInput } from './input.ts';

/** The most calls of a run. */
export const MAX_CALLS = 20_000;
/** The most answers × brands of a run: each is a row. */
export const MAX_FINDINGS = 200_000;
/** The same of one question, whose figures are counted by one execution of a step … */
export const MAX_FINDINGS_OF_QUESTION = 10_000;
/** … as are those of several questions: so many by what is planned … */
const FINDINGS_OF_PART = 10_000;
/** … and so many at most, if all further repeats of a run with `until` meet in one part. */
const MOST_FINDINGS_OF_PART = 80_000;
/** The most characters that the questions of all calls have together: each call's row has its question. */
export const MAX_ASKED_CHARS = 24 * 1_024 * 1_024;
/** A question is asked at most so often of each model, also when a run wants more precision. */
const MAX_REPEATS = 100;

type Sized = Pick<DiagnosisInput, 'brand' | 'rivals' | 'questions' | 'models' | 'repeats' | 'until' | 'maxCalls'>;

/** Where the input says no most, a run with `until` makes at most this many times the calls that it would have made. */
const DEFAULT_TIMES = 3;

/** The most calls that a run makes. */
export function mostCalls({ questions, models, repeats, until, maxCalls }: Sized): number {
  const planned = new Set(questions).size * new Set(models).size * repeats;
  if (until === undefined) return planned;
  return Math.max(planned, maxCalls ?? Math.min(MAX_CALLS, DEFAULT_TIMES * planned));
}

/** How often a question may be asked of each model. */
export function mostRepeats(input: Sized): number {
  if (input.until === undefined) return input.repeats;
  const each = new Set(input.models).size * brandCount(input);
  return Math.max(input.repeats, Math.min(MAX_REPEATS, Math.floor(MAX_FINDINGS_OF_QUESTION / each)));
}

/** What of an input is too much, with what would fit; undefined if it fits. */
export function sizeFault(input: Sized): { readonly path: readonly string[]; readonly message: string } | undefined {
  const { questions, models, repeats, until, maxCalls } = input;
  const [texts, each, brands] = [new Set(questions), new Set(models).size, brandCount(input)];
  const product = `${texts.size} questions × ${each} models × ${repeats} repeats`;
  const remedy = 'ask fewer questions, models or repeats, or split them over several runs';
  const calls = mostCalls(input);
  if (calls > MAX_CALLS) {
    const path = until !== undefined && maxCalls === calls ? 'maxCalls' : 'questions';
    const what = path === 'maxCalls' ? `allows ${calls} calls` : `make ${calls} calls (${product})`;
    return { path: [path], message: `${what}, of at most ${MAX_CALLS} in a run: ${remedy}` };
  }
  if (calls * brands > MAX_FINDINGS) {
    const what = `make ${calls} answers that are read for ${brands} brands each, ${calls * brands} findings`;
    return {
      path: ['questions'],
      message: `${what} of at most ${MAX_FINDINGS} in a run: ${remedy}, or name fewer rivals`,
    };
  }
  const ofQuestion = each * repeats * brands;
  if (ofQuestion > MAX_FINDINGS_OF_QUESTION) {
    const what = `make ${ofQuestion} findings for one question (${each} models × ${repeats} repeats × ${brands} brands)`;
    const smaller = 'ask fewer models or repeats, name fewer rivals, or split them over several runs';
    return { path: ['repeats'], message: `${what}, of at most ${MAX_FINDINGS_OF_QUESTION}: ${smaller}` };
  }
  const chars = [...texts].reduce((sum, text) => sum + text.length, 0);
  const askedChars = Math.round((chars / texts.size) * calls);
  if (askedChars > MAX_ASKED_CHARS) {
    const what = `have ${askedChars} characters in all calls together (${product})`;
    return {
      path: ['questions'],
      message: `${what}, of at most ${MAX_ASKED_CHARS}: shorten them, or split them over several runs`,
    };
  }
  return undefined;
}

/** The input of a new run. What was submitted to an older version is read by {@link diagnosisInput}, whatever its size. */
export const submittedInput = diagnosisInput.superRefine((input, context) => {
  const fault = sizeFault(input);
  if (fault !== undefined) context.addIssue({ code: 'custom', path: [...fault.path], message: fault.message });
});

/**
 * The parts in which the questions of a run are counted: `from` to `to`, excluded, of its distinct questions. They follow from the input
 * alone: an early report and the last one have the same.
 */
export function partsOf(input: Sized): { readonly from: number; readonly to: number }[] {
  const count = new Set(input.questions).size;
  const brands = brandCount(input);
  const planned = (mostCalls(input) / count) * brands;
  const most = new Set(input.models).size * mostRepeats(input) * brands;
  const size = Math.max(1, Math.floor(Math.min(FINDINGS_OF_PART / planned, MOST_FINDINGS_OF_PART / most)));
  return Array.from({ length: Math.ceil(count / size) }, (_, part) => ({
    from: part * size,
    to: Math.min(count, (part + 1) * size),
  }));
}

function brandCount({ brand, rivals }: Pick<DiagnosisInput, 'brand' | 'rivals'>): number {
  return new Set([brand, ...rivals].map((each) => (typeof each === 'string' ? each : each.name))).size;
}
