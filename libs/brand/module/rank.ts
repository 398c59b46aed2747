/** From calls to figures: every planned call becomes a row, also if it failed. */
import type { JoinedFailure, JoinedPartial } from '../../modules/contract/definition.ts';
import { diagnosisError, type ErrorType, typeOfFailure } from '../codecs/diagnosis-error.ts';
import type { Provider } from '../codecs/provider.ts';
import { extractAnswer } from '../extraction/extract-answer.ts';
import { brandMatcher } from '../extraction/match-brands.ts';
import { type AnswerRow, answered } from '../figures/answer-row.ts';
import { discoveredBrands } from '../figures/discovery.ts';
import { FigureTables } from '../figures/figure-tables.ts';
import { worstRankOf } from '../figures/observation.ts';
import { brandScores } from '../figures/scores.ts';
import { type AskState, askState, type CallTime, costUnderWay, heardSoFar } from './ask.ts';
import { begunRow, failedRow } from './call-rows.ts';
import { NOTHING_SPENT, type Spent } from './cost.ts';
import { brandsOf, type DiagnosisInput } from './input.ts';
import type { CallItem, CitedItem, FiguresItem, MentionItem, ModelFiguresItem, QuestionFiguresItem } from './items.ts';
import { callKey, type PlannedCall, planCalls } from './plan.ts';

const ASKING: ReadonlySet<string> = new Set(['ask', 'again']);

/** What is there of the calls when they are ranked. */
export interface Heard {
  readonly calls: readonly Pick<CallItem, 'question' | 'model' | 'repeat'>[];
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

/** Reads answers: what each says about the brands of an input. */
export function answerReader(input: DiagnosisInput): (call: CallItem) => AnswerRow {
  const brands = brandsOf(input);
  const matcher = brandMatcher(brands);
  return ({ question, model, branded, repeat, status, response, citations }) => ({
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
  });
}

export function answerRows(input: DiagnosisInput, calls: readonly CallItem[]): AnswerRow[] {
  return calls.map(answerReader(input));
}

/** What a row keeps of a finding: the rest can be read from the answer again. */
const MAX_EVIDENCE_CHARS = 500;
const MAX_MENTIONS = 100;

/** The rows of an answer: what it says about each brand. Each is bounded, however long the answer is. */
export function mentionsOf({ question, model, repeat, branded, findings }: AnswerRow): MentionItem[] {
  return (findings?.brands ?? []).map((finding) => {
    const { brand, evidence, mentions } = finding;
    const shown =
      evidence === null || evidence.sentence.length <= MAX_EVIDENCE_CHARS
        ? evidence
        : {
            sentence: evidence.sentence.slice(0, MAX_EVIDENCE_CHARS),
            start: evidence.start,
            end: evidence.start + MAX_EVIDENCE_CHARS,
          };
    return {
      ...{ question, model, repeat, branded, brand },
      finding: { ...finding, evidence: shown, mentions: mentions.slice(0, MAX_MENTIONS) },
    };
  });
}

/** The figures of a run in the rows in which they are stored; {@link questionRows} are counted by part of the run. */
export interface FigureRows {
  /** Those of the whole run, with a score per brand over the questions that name none. */
  readonly figures: FiguresItem;
  readonly byModel: readonly ModelFiguresItem[];
}

export function figureRows(input: DiagnosisInput, rows: readonly AnswerRow[]): FigureRows {
  const worstRank = worstRankOf(answered(rows));
  const tables = new FigureTables(brandsOf(input), worstRank);
  const figures = tables.totals(rows);
  const { bare, branded } = tables.byModel(rows);
  return {
    figures: {
      figures,
      scores: brandScores(figures.bare.overall.brands),
      discovered: discoveredBrands(rows),
      worst_rank: worstRank,
    },
    byModel: [
      ...bare.map((each) => ({ ...each, branded: false })),
      ...branded.map((each) => ({ ...each, branded: true })),
    ],
  };
}

/** The figures of questions all of whose answers are among the rows; `worstRank` is that of the run. */
export function questionRows(
  input: DiagnosisInput,
  rows: readonly AnswerRow[],
  worstRank: number,
): QuestionFiguresItem[] {
  const { bare, branded } = new FigureTables(brandsOf(input), worstRank).byQuestion(rows);
  return [...bare.map((each) => ({ ...each, branded: false })), ...branded.map((each) => ({ ...each, branded: true }))];
}

/** The pages that are to be read. */
export function citedPages({ maxSources }: DiagnosisInput, rows: readonly AnswerRow[]): CitedItem[] {
  return topSources(rows)
    .slice(0, maxSources)
    .map(({ url, answers }) => ({ url, answers }));
}

export interface CountedSource {
  readonly url: string;
  /** Answers that cite or link it. */
  readonly answers: number;
}

/** Pages that answers cite or link, the most cited first, then by address. */
export function topSources(rows: readonly AnswerRow[]): CountedSource[] {
  const counted = new Map<string, number>();
  for (const { url, grade } of rows.flatMap(({ findings }) => findings?.sources ?? [])) {
    if (url === null || (grade !== 'cited' && grade !== 'linked')) continue;
    counted.set(url, (counted.get(url) ?? 0) + 1);
  }
  return [...counted]
    .map(([url, answers]) => ({ url, answers }))
    .sort((a, b) => b.answers - a.answers || (a.url < b.url ? -1 : 1));
}
