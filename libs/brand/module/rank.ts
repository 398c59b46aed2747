/** From calls to figures: every planned call becomes a row, also if it failed. */
import type { JoinedFailure, JoinedPartial } from '../../modules/contract/definition.ts';
import { diagnosisError, type ErrorType, typeOfFailure } from '../codecs/diagnosis-error.ts';
import type { Provider } from '../codecs/provider.ts';
import { extractAnswer } from '../extraction/extract-answer.ts';
import { brandMatcher } from '../extraction/match-brands.ts';
import type { Source } from '../extraction/sources.ts';
import type { AnswerRow } from '../figures/answer-row.ts';
import { discoveredBrands } from '../figures/discovery.ts';
import { runFigures } from '../figures/figure-tables.ts';
import { brandScores } from '../figures/scores.ts';
import { type AskState, askState, type CallTime, costUnderWay, heardSoFar } from './ask.ts';
import { begunRow, failedRow } from './call-rows.ts';
import { NOTHING_SPENT, type Spent } from './cost.ts';
import { brandsOf, type DiagnosisInput } from './input.ts';
import type { CallItem, FiguresItem } from './items.ts';
import { callKey, type PlannedCall, planCalls } from './plan.ts';

const ASKING: ReadonlySet<string> = new Set(['ask', 'again']);

/** What is there of the calls when they are ranked. */
export interface Heard {
  readonly calls: readonly CallItem[];
  /** Calls beyond the planned ones. */
  readonly further?: readonly PlannedCall[];
  readonly failures: readonly JoinedFailure[];
}

/** Rows for planned and further calls without one: they died, or the deadline came before they were sent. */
export function missingRows(input: DiagnosisInput, heard: Heard, nowMs: number): CallItem[] {
  const died = byCall(input, heard.failures);
  return callsWithoutRow(input, heard).map(({ key, call }) => deadRow(input, call, died.get(key), nowMs));
}

/**
 * Rows for an early report, of the same calls: those that died have failed; the others are under way, and what they have said so far is a
 * partial answer. Without a word they are pending.
 */
export function begunRows(
  input: DiagnosisInput,
  heard: Heard & { readonly partials: readonly JoinedPartial[] },
  providerOf: (model: string) => Provider,
  time: CallTime,
): CallItem[] {
  const { nowMs } = time;
  const died = byCall(input, heard.failures);
  const open = byCall(input, heard.partials);
  return callsWithoutRow(input, heard).map(({ key, call }) => {
    const failure = died.get(key);
    if (failure !== undefined) return deadRow(input, call, failure, nowMs);
    const partial = open.get(key);
    const state = askState.parse(partial?.state ?? call) as AskState;
    const provider = providerOf(call.model);
    const answer = partial === undefined ? undefined : heardSoFar(input, state, provider, partial.text, time);
    // Whether a call without a text was sent is not known: it may have cost as much as one that was.
    const spent = costUnderWay(input, state, provider);
    const attempts = partial === undefined ? 0 : state.attempt;
    return begunRow(input, call, answer, { elapsedMs: null, nowMs, spent, attempts, provider });
  });
}

function callsWithoutRow(input: DiagnosisInput, { calls, further = [] }: Heard) {
  const known = new Set(calls.map(({ question, model, repeat }) => callKey(question, model, repeat)));
  return [...planCalls(input), ...further].flatMap((call) => {
    const key = keyIn(input, call);
    return known.has(key) ? [] : [{ key, call }];
  });
}

/** Nodes of the asking steps by their call. */
function byCall<Joined extends { readonly step: string; readonly state?: unknown }>(
  input: DiagnosisInput,
  nodes: readonly Joined[],
): ReadonlyMap<string, Joined> {
  const found = new Map<string, Joined>();
  for (const node of nodes) {
    const state = node.state as Partial<PlannedCall> | undefined;
    if (!ASKING.has(node.step) || state?.question === undefined) continue;
    found.set(keyIn(input, { question: state.question, model: state.model ?? '', repeat: state.repeat ?? 0 }), node);
  }
  return found;
}

function keyIn({ questions }: DiagnosisInput, { question, model, repeat }: PlannedCall): string {
  return callKey(questions[question] ?? '', model, repeat);
}

function deadRow(input: DiagnosisInput, call: PlannedCall, died: JoinedFailure | undefined, nowMs: number): CallItem {
  const { spent = NOTHING_SPENT } = (died?.state ?? {}) as { readonly spent?: Spent };
  return failedRow(input, call, missingError(died, nowMs), { elapsedMs: null, nowMs, spent });
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
      response === null && status !== 'pending'
        ? null
        : extractAnswer(
            {
              text: response ?? '',
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

/** The figures of all rows, the pages that are to be read, and a score per brand over the questions that name none. */
export function figuresOf(input: DiagnosisInput, rows: readonly AnswerRow[]): FiguresItem {
  const brands = brandsOf(input);
  const figures = runFigures(rows, brands);
  const scores = brandScores(figures.bare.overall.brands);
  const top = topSources(rows);
  const cited = top.slice(0, input.maxSources).map(({ url, answers }) => ({ url, answers }));
  return { figures, scores, sources: top.map(({ source }) => source), cited, discovered: discoveredBrands(rows) };
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
