/** Creates the row of a call from its answer or its failure. */
import type { DiagnosisError } from '../codecs/diagnosis-error.ts';
import type { ModelAnswer } from '../codecs/model-call.ts';
import { costOf, type Provider } from '../codecs/provider.ts';
import { extractAnswer } from '../extraction/extract-answer.ts';
import { geoData } from '../extraction/geo-data.ts';
import { promptFor } from '../prompts/prompt.ts';
import { brandsOf, type DiagnosisInput } from './input.ts';
import type { CallItem } from './items.ts';
import { isBranded, type PlannedCall } from './plan.ts';

interface RowFacts {
  readonly elapsedMs: number | null;
  readonly nowMs: number;
  /** The cost of all attempts, in the registry's currency; default: the answer's own cost. */
  readonly cost?: number;
}

export function answeredRow(
  input: DiagnosisInput,
  call: PlannedCall,
  answer: ModelAnswer,
  { elapsedMs, nowMs, cost, provider }: RowFacts & { readonly provider: Provider },
): CallItem {
  const { text, sources, retrieved, queries, usage, finish, finishWord } = answer;
  const row = emptyRow(input, call, nowMs);
  const brands = brandsOf(input);
  const isWhole = finish === 'whole';
  const findings = extractAnswer({ text, question: row.question, brands, citations: sources, isWhole });
  return {
    ...row,
    status: isWhole ? 'whole' : 'partial',
    finish,
    finish_word: finishWord === '' ? null : finishWord,
    response: text,
    geo_data: mutable(geoData(findings, row.brand, text, isWhole)),
    queries: [...queries],
    citations: sources.map(({ spans, ...source }) => ({
      ...source,
      ...(spans === undefined ? {} : { spans: [...spans] }),
    })),
    retrieved: [...retrieved],
    usage,
    cost: cost ?? costOf(usage, provider),
    cost_at_most: cost ?? costOf(usage, provider),
    attempts: 1,
    reported_model: answer.model === '' ? null : answer.model,
    elapsed_ms: elapsedMs,
  };
}

export function failedRow(
  input: DiagnosisInput,
  call: PlannedCall,
  error: DiagnosisError,
  { elapsedMs, nowMs, cost = 0 }: RowFacts,
): CallItem {
  return { ...emptyRow(input, call, nowMs), error, cost, cost_at_most: cost, elapsed_ms: elapsedMs };
}

function emptyRow(input: DiagnosisInput, { question, model, repeat }: PlannedCall, nowMs: number): CallItem {
  const text = input.questions[question] ?? '';
  return {
    brand: brandsOf(input)[0]?.name ?? '',
    question: text,
    model,
    repeat,
    branded: isBranded(text, input),
    status: 'failed',
    finish: null,
    finish_word: null,
    response: null,
    geo_data: null,
    error: null,
    search: false,
    queries: [],
    citations: [],
    retrieved: [],
    usage: null,
    price: null,
    cost: 0,
    cost_at_most: 0,
    attempts: 0,
    reported_model: null,
    elapsed_ms: null,
    from_cache: false,
    prompt: promptFor(text, input.language).id,
    timestamp: new Date(nowMs).toISOString(),
  };
}

function mutable(data: ReturnType<typeof geoData>): NonNullable<CallItem['geo_data']> {
  return { ...data, cited_sources: [...data.cited_sources] };
}
