/** Reports made of answers that a test writes, by the module's own functions. */
import { diagnosisError, type ErrorType } from '../codecs/diagnosis-error.ts';
import { providerSchema } from '../codecs/provider.ts';
import { answeredRow, begunRow, failedRow } from '../module/call-rows.ts';
import { brandsOf, type DiagnosisInput, diagnosisInput } from '../module/input.ts';
import type { CallItem } from '../module/items.ts';
import { planCalls } from '../module/plan.ts';
import { answerRows, figureRows, mentionsOf, questionRows } from '../module/rank.ts';
import { type ReadPage, reportOf, wholeReport } from '../module/report.ts';
import type { RunReport } from './run-report.ts';

/** An answer as text, one that was cut off, what one under way has said so far (if anything), or the type of an error in its place. */
export type Reply =
  | string
  | { readonly cut: string }
  | { readonly soFar: string | null }
  | { readonly error: ErrorType; readonly says?: string };

export interface Told {
  readonly runId?: string;
  readonly acceptedAtMs?: number;
  readonly input?: Readonly<Record<string, unknown>>;
  readonly reply?: (question: string, model: string, repeat: number) => Reply;
  /** What became of the cited pages. */
  readonly sources?: readonly ReadPage[];
  /** False: a preliminary report. */
  readonly isFinal?: boolean;
}

export const ACCEPTED_AT_MS = Date.UTC(2026, 2, 1, 12, 0);

const PROVIDER = providerSchema.parse({
  ...{ name: 'any', codec: 'openai-chat', baseUrl: 'https://models.test/v1', model: 'm', keyReference: 'KEY' },
  pricePerMillionTokens: { input: 2, output: 8 },
});
const USAGE = { inputTokens: 100, outputTokens: 400, reasoningTokens: null, cachedTokens: null, searchCalls: null };

/** A diagnosis of Apex against Bolt and Crest: two questions to two models, unless `input` says otherwise. */
export function reported(told: Told = {}): RunReport {
  const { runId = 'run-1', acceptedAtMs = ACCEPTED_AT_MS, sources = [], isFinal = true } = told;
  const { reply = () => 'I recommend:\n\n1. **Apex**: excellent and reliable.\n2. **Bolt**: fine.\n' } = told;
  const input = diagnosisInput.parse({
    ...{ brand: 'Apex', rivals: ['Bolt', 'Crest'], models: ['qwen', 'zhipu'] },
    questions: ['Which running shoes are good?', 'Which shoes last?'],
    ...told.input,
  });
  const calls = planCalls(input).map((call): CallItem => {
    const said = reply(input.questions[call.question] ?? '', call.model, call.repeat);
    return callOf(input, call, said, acceptedAtMs);
  });
  const rows = answerRows(input, calls);
  const plan = { calls: calls.length, concurrency: 8, rounds: 1, expectedMs: 8_000, availableMs: 17_000, fits: true };
  const { figures, byModel } = figureRows(input, rows);
  const head = reportOf(input, {
    ...{ calls, figures, plan, elapsedMs: 12_300 },
    ...{ revision: isFinal ? 2 : 1, isFinal },
  });
  const byQuestion = questionRows(input, rows, figures.worst_rank);
  return {
    ...{ runId, acceptedAtMs, input, calls, isLast: isFinal },
    report: wholeReport(head, input, { calls, byModel, byQuestion, cited: sources, sources }),
    mentions: rows.flatMap(mentionsOf),
  };
}

/** The names of all brands of a report, the diagnosed one first. */
export function brandNames({ input }: RunReport): string[] {
  return brandsOf(input).map(({ name }) => name);
}

function callOf(
  input: DiagnosisInput,
  call: ReturnType<typeof planCalls>[number],
  said: Reply,
  nowMs: number,
): CallItem {
  const times = { elapsedMs: 5_200, nowMs };
  if (typeof said === 'object' && 'error' in said) {
    return failedRow(input, call, diagnosisError(said.error, '', said.says ?? 'it failed', nowMs), times);
  }
  const found = { reasoning: '', sources: [], retrieved: [], queries: [] };
  if (typeof said === 'object' && 'soFar' in said) {
    const begun = {
      ...found,
      text: said.soFar ?? '',
      usage: null,
      finish: 'cut_off',
      finishWord: '',
      model: 'm',
    } as const;
    const facts = { ...times, elapsedMs: null, provider: PROVIDER, spent: { counted: 0, atMost: 0.01 } };
    return begunRow(input, call, said.soFar === null ? undefined : begun, facts);
  }
  const text = typeof said === 'string' ? said : said.cut;
  const finish = said === text ? ('whole' as const) : ('cut_off' as const);
  const answer = {
    ...found,
    text,
    usage: USAGE,
    finish,
    finishWord: finish === 'whole' ? 'stop' : 'length',
    model: 'm',
  };
  return answeredRow(input, call, answer, { ...times, provider: PROVIDER });
}
