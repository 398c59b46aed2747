/** From calls to figures: every planned call becomes a row, also if it failed. */
import type { JoinedFailure } from '../../modules/contract/definition.ts';
import { diagnosisError, type ErrorType, typeOfFailure } from '../codecs/diagnosis-error.ts';
import { extractAnswer } from '../extraction/extract-answer.ts';
import { brandMatcher } from '../extraction/match-brands.ts';
import type { Source } from '../extraction/sources.ts';
import type { AnswerRow } from '../figures/answer-row.ts';
import { discoveredBrands } from '../figures/discovery.ts';
import { runFigures } from '../figures/figure-tables.ts';
import { brandScores } from '../figures/scores.ts';
import { failedRow } from './call-rows.ts';
import { NOTHING_SPENT, type Spent } from './cost.ts';
import { brandsOf, type DiagnosisInput } from './input.ts';
import type { CallItem, FiguresItem } from './items.ts';
import { callKey, type PlannedCall, planCalls } from './plan.ts';

const ASKING: ReadonlySet<string> = new Set(['ask', 'again']);

/** Rows for planned and further calls without one: they died, or the deadline came before they were sent. */
export function missingRows(
  input: DiagnosisInput,
  calls: readonly CallItem[],
  failures: readonly JoinedFailure[],
  nowMs: number,
  further: readonly PlannedCall[] = [],
): CallItem[] {
  const known = new Set(calls.map(({ question, model, repeat }) => callKey(question, model, repeat)));
  const why = new Map<string, JoinedFailure>();
  for (const failure of failures) {
    const state = failure.state as Partial<PlannedCall> | undefined;
    if (!ASKING.has(failure.step) || state?.question === undefined) continue;
    why.set(callKey(input.questions[state.question] ?? '', state.model ?? '', state.repeat ?? 0), failure);
  }
  return [...planCalls(input), ...further].flatMap((call) => {
    const key = callKey(input.questions[call.question] ?? '', call.model, call.repeat);
    if (known.has(key)) return [];
    const died = why.get(key);
    const { spent = NOTHING_SPENT } = (died?.state ?? {}) as { readonly spent?: Spent };
    return [failedRow(input, call, missingError(died, nowMs), { elapsedMs: null, nowMs, spent })];
  });
}

function missingError(failure: JoinedFailure | undefined, nowMs: number): CallItem['error'] & object {
  const late = failure === undefined || failure.reason === 'deadline_exceeded';
  const type: ErrorType = late ? 'deadline_exceeded' : typeOfFailure(failure.code, failure.message);
  const message = failure?.message || 'the time of the run was over before the call had an answer';
  return diagnosisError(type, failure?.code ?? '', message, nowMs);
}

/** What the answers say about the brands, row by row. */
export function answerRows(input: DiagnosisInput, calls: readonly CallItem[]): AnswerRow[] {
  const brands = brandsOf(input);
  const matcher = brandMatcher(brands);
  return calls.map(({ question, model, branded, repeat, status, response, citations }) => ({
    question,
    model,
    branded,
    repeat,
    status,
    findings:
      response === null
        ? null
        : extractAnswer(
            {
              text: response,
              question,
              brands,
              isWhole: status === 'whole',
              citations: citations.map(({ url, title, site }) => ({
                ...{ url },
                ...(title === undefined ? {} : { title }),
                ...(site === undefined ? {} : { site }),
              })),
            },
            matcher,
          ),
  }));
}

/** The figures of all rows, and a score per brand over the questions that name none. */
export function figuresOf(input: DiagnosisInput, rows: readonly AnswerRow[]): FiguresItem {
  const brands = brandsOf(input);
  const figures = runFigures(rows, brands);
  const scores = brandScores(figures.bare.overall.brands);
  const sources = topSources(rows).map(({ source }) => source);
  return { figures, scores, sources, discovered: discoveredBrands(rows) };
}

export interface CountedSource {
  readonly source: Source;
  readonly url: string;
  /** Answers that cite or link it. */
  readonly answers: number;
}

/** Pages that answers cite or link, the most cited first, then by address. */
export function topSources(rows: readonly AnswerRow[]): CountedSource[] {
  const counted = new Map<string, { source: Source; url: string; answers: number }>();
  for (const source of rows.flatMap(({ findings }) => findings?.sources ?? [])) {
    if (source.url === null || (source.grade !== 'cited' && source.grade !== 'linked')) continue;
    const count = counted.get(source.url) ?? { source, url: source.url, answers: 0 };
    count.answers += 1;
    counted.set(source.url, count);
  }
  return [...counted.values()].sort((a, b) => b.answers - a.answers || (a.url < b.url ? -1 : 1));
}
