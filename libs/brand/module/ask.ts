/** One call: its request, the reading of its answer, and the kind of its failure. */
import type { GivenUp, Page, RequestSpec } from '../../modules/contract/definition.ts';
import { type DiagnosisError, diagnosisError, type ErrorType, typeOfFailure } from '../codecs/diagnosis-error.ts';
import type { ModelReply } from '../codecs/model-call.ts';
import { costOf, type Provider } from '../codecs/provider.ts';
import { buildRequest, keyHeader, parseResponse, parseStream } from '../codecs/registry.ts';
import { effectiveTimeoutMs, tableTimeoutMs } from '../codecs/timeouts.ts';
import { promptFor } from '../prompts/prompt.ts';
import { mostOf } from './cost.ts';
import { brandsOf, type DiagnosisInput } from './input.ts';
import type { PlannedCall } from './plan.ts';
import { replyText } from './reply-text.ts';

/** The cache policy: answers to the same question, model and parameters are shared by all runs. */
export const ANSWERS_OF_ALL_RUNS = { scope: 'shared', ttlMs: 300_000 } as const;

/** A call with the number of its attempt, from 1. */
export interface CallAttempt extends PlannedCall {
  readonly attempt: number;
}

/** When a call happens: the run's deadline (if it has one) and now, in Unix milliseconds. */
export interface CallTime {
  readonly deadlineAtMs: number | undefined;
  readonly nowMs: number;
}

/** The request of a call. Its key is a reference that the downloader resolves; rate limits are the provider's. */
export function callRequest(input: DiagnosisInput, call: CallAttempt, provider: Provider, time: CallTime): RequestSpec {
  const { prompt, request, atMost } = modelRequest(input, call, provider);
  const [header, value] = keyHeader(provider.codec, `{{secret:${provider.keyReference}}}`);
  const untilMs = askUntilMs(input, time);
  const remainingMs = time.deadlineAtMs === undefined ? Number.POSITIVE_INFINITY : time.deadlineAtMs - time.nowMs;
  const timeoutMs = effectiveTimeoutMs(
    tableTimeoutMs(provider.name, prompt, provider.family),
    remainingMs,
    input.reserveMs,
  );
  return {
    ...request,
    headers: { ...request.headers, [header]: value },
    // A call without time left still becomes a request: it is refused with the reason, and gets its row.
    timeoutMs: Math.max(1, timeoutMs),
    ...(untilMs === undefined ? {} : { untilMs }),
    limitKey: `model:${provider.name}`,
    limits: provider.limits,
    breaker: { key: `${provider.name}:${brandsOf(input)[0]?.name ?? ''}` },
    partial: true,
    robots: 'ignore',
    ...(atMost === 0 ? {} : { cost: { atMost } }),
    cache: input.cache ? ANSWERS_OF_ALL_RUNS : 'run',
    // The cache must not return an unusable answer to the next attempt.
    cacheKey: `${call.repeat}/${call.attempt}`,
  };
}

function modelRequest({ questions, language, maxTokens }: DiagnosisInput, call: PlannedCall, provider: Provider) {
  const prompt = questions[call.question] ?? '';
  const { system } = promptFor(prompt, language);
  const request = buildRequest(provider, { prompt, system, maxTokens });
  return { prompt, request, atMost: mostOf(request, maxTokens, provider) };
}

/** The cost of a call with this response, in the registry's currency. */
export function costOfCall(
  input: DiagnosisInput,
  call: PlannedCall,
  provider: Provider,
  { page, reply }: { readonly page: Pick<Page, 'status' | 'fromCache'>; readonly reply: ModelReply },
): number {
  // A cached answer was paid by the call that received it first; providers do not charge refused calls.
  if (page.fromCache || page.status >= 400) return 0;
  const usage = reply.ok ? reply.answer.usage : null;
  return usage === null || (usage.outputTokens ?? usage.inputTokens) === null
    ? modelRequest(input, call, provider).atMost
    : costOf(usage, provider);
}

/** The time at which the last call must have ended. */
function askUntilMs({ reserveMs }: DiagnosisInput, { deadlineAtMs }: CallTime): number | undefined {
  return deadlineAtMs === undefined ? undefined : deadlineAtMs - reserveMs;
}

const STREAM = /^\s*(?:data|event|id|retry|:)/;

/** Reads a page, complete or cut off. Never throws. */
export function readReply(input: DiagnosisInput, provider: Provider, page: Page, time: CallTime): ModelReply {
  const { status } = page;
  const text = replyText(page);
  if (text === undefined) {
    const message = `the reply of ${page.url} is not text: its bytes are not ${page.headers['content-type'] ?? 'UTF-8'}`;
    return { ok: false, error: diagnosisError('parse', 'wrong_charset', message, time.nowMs) };
  }
  const isStream = /event-stream/i.test(page.headers['content-type'] ?? '') || STREAM.test(text);
  const reply =
    isStream && status < 400
      ? parseStream(provider.codec, [text], time.nowMs)
      : parseResponse(provider.codec, text, status, time.nowMs);
  const cutOff = page.partial && (reply.ok ? reply.answer.text === '' : reply.error.error_type === 'parse');
  if (!cutOff) return reply;
  const message = `${page.url} was cut off before it had sent any text of its answer`;
  return { ok: false, error: diagnosisError(cutType(input, time), 'cut_off', message, time.nowMs) };
}

/** The error of a request that failed for good. */
export function givenUpError(input: DiagnosisInput, { code, message, data }: GivenUp, time: CallTime): DiagnosisError {
  const status = typeof data.status === 'number' ? data.status : undefined;
  const told = code === NO_KEY ? 'invalid_key' : typeOfFailure(code, message, status);
  return diagnosisError(told === 'timeout' ? cutType(input, time) : told, code, message, time.nowMs);
}

/** The code for a key name of the registry that the downloader cannot find. */
const NO_KEY = 'download.secret_missing';
/** Timers fire a little early or late. */
const TOLERANCE_MS = 50;

/** Whether the call's own timeout ended it, or the run's deadline. */
function cutType(input: DiagnosisInput, time: CallTime): ErrorType {
  const untilMs = askUntilMs(input, time);
  return untilMs !== undefined && time.nowMs >= untilMs - TOLERANCE_MS ? 'deadline_exceeded' : 'timeout';
}

/** Failures after which another attempt may succeed. A call that timed out, or whose breaker is open, is not retried. */
const PASSING: ReadonlySet<ErrorType> = new Set(['server', 'unavailable', 'network', 'rate_limit', 'parse']);
/** The least remaining time for a second attempt. */
const MIN_ATTEMPT_MS = 2_000;

/** Whether a failed call is retried. */
export function asksAgain(input: DiagnosisInput, attempt: number, error: DiagnosisError, time: CallTime): boolean {
  if (attempt >= input.attempts || !PASSING.has(error.error_type)) return false;
  const untilMs = askUntilMs(input, time);
  return untilMs === undefined || untilMs - time.nowMs >= MIN_ATTEMPT_MS;
}
