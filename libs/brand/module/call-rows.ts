/** Creates the row of a call from its answer, its failure, or what it has said while it is under way. */
import type { DiagnosisError } from '../codecs/diagnosis-error.ts';
import type { ModelAnswer } from '../codecs/model-call.ts';
import { type Provider, searches } from '../codecs/provider.ts';
import { extractAnswer } from '../extraction/extract-answer.ts';
import { geoData } from '../extraction/geo-data.ts';
import { promptFor } from '../prompts/prompt.ts';
import { addSpent, NOTHING_SPENT, priceOf, type Spent, spentOn } from './cost.ts';
import { brandsOf, type DiagnosisInput } from './input.ts';
import type { CallItem } from './items.ts';
import { callKey, isBranded, type PlannedCall } from './plan.ts';

interface RowFacts {
  readonly elapsedMs: number | null;
  readonly nowMs: number;
  /** The cost of all attempts; default: the answer's own, or nothing. */
  readonly spent?: Spent;
  /** Requests that were sent; default 1 of an answer, 0 of a failure. */
  readonly attempts?: number;
}

export function answeredRow(
  input: DiagnosisInput,
  call: PlannedCall,
  answer: ModelAnswer,
  { elapsedMs, nowMs, spent, attempts = 1, provider }: RowFacts & { readonly provider: Provider },
): CallItem {
  const { text, sources, finish } = answer;
  const row = emptyRow(input, call, nowMs);
  const brands = brandsOf(input);
  const isWhole = finish === 'whole';
  const findings = extractAnswer({ text, question: row.question, brands, citations: sources, isWhole });
  const own = spentOn({ ok: true, answer }, { status: 200, fromCache: false }, provider, undefined);
  return {
    ...row,
    ...factsOf(answer),
    status: isWhole ? 'whole' : 'partial',
    response: text,
    geo_data: mutable(geoData(findings, row.brand, text, isWhole)),
    search: searches(provider),
    price: priceOf(provider),
    ...costFields(spent ?? own),
    attempts,
    elapsed_ms: elapsedMs,
  };
}

export function failedRow(
  input: DiagnosisInput,
  call: PlannedCall,
  error: DiagnosisError,
  facts: RowFacts & {
    /** What came without text: how it ended, and what it took. */
    readonly answer?: ModelAnswer | undefined;
    readonly provider?: Provider;
  },
): CallItem {
  const { elapsedMs, nowMs, spent = NOTHING_SPENT, attempts = 0, answer, provider } = facts;
  return {
    ...emptyRow(input, call, nowMs),
    ...(answer === undefined ? {} : factsOf(answer)),
    ...(provider === undefined ? {} : { search: searches(provider), price: priceOf(provider) }),
    error,
    ...costFields(spent),
    attempts,
    elapsed_ms: elapsedMs,
  };
}

/**
 * The row of a call that is under way: with the text so far it is partial, and whole if the model has already said that it is at its end;
 * without text it is pending.
 */
export function begunRow(
  input: DiagnosisInput,
  call: PlannedCall,
  answer: ModelAnswer | undefined,
  facts: RowFacts & { readonly provider: Provider; readonly spent: Spent },
): CallItem {
  if (answer !== undefined) {
    const row = answeredRow(input, call, answer, facts);
    // What only stops here because it was read here has not ended.
    return answer.finish === 'cut_off' && answer.finishWord === '' ? { ...row, finish: null } : row;
  }
  const { provider, nowMs, spent, attempts = 0 } = facts;
  return {
    ...emptyRow(input, call, nowMs),
    status: 'pending',
    search: searches(provider),
    price: priceOf(provider),
    ...costFields(spent),
    attempts,
  };
}

/**
 * The calls that a report rests on: `begun` rows of an early one stand in the place of what the same calls have become since. A final
 * report has none.
 */
export function reportedCalls<Call extends Pick<CallItem, 'question' | 'model' | 'repeat'>>(
  calls: readonly Call[],
  begun: readonly Call[],
): Call[] {
  const keyOf = ({ question, model, repeat }: Call): string => callKey(question, model, repeat);
  const early = new Set(begun.map(keyOf));
  return [...calls.filter((call) => !early.has(keyOf(call))), ...begun];
}

/** What a provider tells of an answer beside its text. */
function factsOf({ finish, finishWord, sources, retrieved, queries, usage, model }: ModelAnswer) {
  return {
    finish,
    finish_word: finishWord === '' ? null : finishWord,
    queries: [...queries],
    citations: sources.map(({ spans, ...source }) => ({
      ...source,
      ...(spans === undefined ? {} : { spans: [...spans] }),
    })),
    retrieved: [...retrieved],
    usage,
    reported_model: model === '' ? null : model,
  };
}

function costFields(spent: Spent): Pick<CallItem, 'cost' | 'cost_at_most'> {
  const { counted, atMost } = addSpent(NOTHING_SPENT, spent);
  return { cost: counted, cost_at_most: atMost };
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
    prompt: promptFor(text, input).id,
    timestamp: new Date(nowMs).toISOString(),
  };
}

function mutable(data: ReturnType<typeof geoData>): NonNullable<CallItem['geo_data']> {
  return { ...data, cited_sources: [...data.cited_sources] };
}
