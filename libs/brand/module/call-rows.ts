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
  const { text, sources, usage, partial } = answer;
  const row = emptyRow(input, call, nowMs);
  const brands = brandsOf(input);
  const findings = extractAnswer({ text, question: row.question, brands, citations: sources });
  return {
    ...row,
    status: partial ? 'partial' : 'whole',
    response: text,
    geo_data: mutable(geoData(findings, row.brand, text)),
    citations: [...sources],
    usage,
    cost: cost ?? costOf(usage, provider),
    elapsed_ms: elapsedMs,
  };
}

export function failedRow(
  input: DiagnosisInput,
  call: PlannedCall,
  error: DiagnosisError,
  { elapsedMs, nowMs, cost = 0 }: RowFacts,
): CallItem {
  return { ...emptyRow(input, call, nowMs), error, cost, elapsed_ms: elapsedMs };
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
    response: null,
    geo_data: null,
    error: null,
    citations: [],
    usage: null,
    cost: 0,
    elapsed_ms: null,
    from_cache: false,
    prompt: promptFor(text, input.language).id,
    timestamp: new Date(nowMs).toISOString(),
  };
}

function mutable(data: ReturnType<typeof geoData>): NonNullable<CallItem['geo_data']> {
  return { ...data, cited_sources: [...data.cited_sources] };
}
