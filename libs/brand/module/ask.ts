/** One call: its requests, the reading of its replies, and what follows from each. */
import { hash } from 'node:crypto';
import { z } from 'zod';
import type { GivenUp, Page, RequestSpec } from '../../modules/contract/definition.ts';
import { type DiagnosisError, diagnosisError, type ErrorType, typeOfFailure } from '../codecs/diagnosis-error.ts';
import { joinAnswers, type ModelAnswer, type ModelReply } from '../codecs/model-call.ts';
import { type Provider, searches } from '../codecs/provider.ts';
import { buildRequest, keyHeader, originOf, parseResponse, parseStream } from '../codecs/registry.ts';
import { callTimeoutMs } from '../codecs/timeouts.ts';
import { pauseMs, waitOf } from '../codecs/waits.ts';
import { promptFor } from '../prompts/prompt.ts';
import { addSpent, mostOf, type Spent, spentOn } from './cost.ts';
import { brandsOf, type DiagnosisInput } from './input.ts';
import { callKey, type PlannedCall } from './plan.ts';
import { type ReceivedPage, replyText } from './reply-text.ts';
import { callsUntilMs, type RunSpan } from './run-times.ts';

/** The cache policy: answers to the same question, model and parameters are shared by all runs. */
export const ANSWERS_OF_ALL_RUNS = { scope: 'shared', ttlMs: 300_000 } as const;

/** A call under way: what its hop carries from one request to the next. */
export const askState = z.object({
  question: z.int().min(0),
  model: z.string(),
  repeat: z.int().min(1),
  /** The number of this request, from 1. */
  attempt: z.int().min(1).default(1),
  /** How many of the requests before were refused for want of capacity. */
  refusals: z.int().min(0).default(0),
  /** How many of them were turns of one answer. */
  turn: z.int().min(0).default(0),
  /** The request is not sent before this time, in Unix milliseconds. */
  notBeforeMs: z.number().optional(),
  /** What followed the question so far, in the messages of the format. */
  turns: z.array(z.unknown()).default([]),
  /** The answer of the earlier turns. */
  said: z.custom<ModelAnswer>().optional(),
  /** The cost of the requests before, in the registry's currency. */
  spent: z.custom<Spent>().default({ counted: 0, atMost: 0 }),
});
export type AskState = z.output<typeof askState>;

/** When a call happens: the span of its run, and now, in Unix milliseconds. */
export interface CallTime extends RunSpan {
  readonly nowMs: number;
}

/** The request of a call. Its key is a reference that the downloader resolves; rate limits are the provider's. */
export function callRequest(input: DiagnosisInput, call: AskState, provider: Provider, time: CallTime): RequestSpec {
  const { prompt, request, most = 0 } = modelRequest(input, call, provider);
  const { keyReference } = provider;
  const key = keyReference === undefined ? [] : [keyHeader(provider.codec, `{{secret:${keyReference}}}`)];
  const untilMs = callsUntilMs(input, time);
  const leftMs = untilMs === undefined ? undefined : untilMs - time.nowMs;
  return {
    ...request,
    headers: { ...request.headers, ...Object.fromEntries(key) },
    // A call without time left still becomes a request: it is refused with the reason, and gets its row.
    timeoutMs: Math.max(1, callTimeoutMs(provider, prompt, leftMs)),
    ...(untilMs === undefined ? {} : { untilMs }),
    ...(call.notBeforeMs === undefined ? {} : { notBeforeMs: call.notBeforeMs }),
    limitKey: `model:${provider.name}`,
    limits: provider.limits,
    breaker: { key: `${provider.name}:${brandsOf(input)[0]?.name ?? ''}` },
    partial: true,
    robots: 'ignore',
    ...(most === 0 ? {} : { cost: { atMost: most } }),
    cache: input.cache ? ANSWERS_OF_ALL_RUNS : 'run',
    // The cache must not return an unusable answer to the next attempt.
    cacheKey: `${call.repeat}/${call.attempt}`,
  };
}

function modelRequest(input: DiagnosisInput, call: PlannedCall & Pick<AskState, 'turns'>, provider: Provider) {
  const prompt = input.questions[call.question] ?? '';
  const { system } = promptFor(prompt, input);
  const maxTokens = provider.maxTokens ?? input.maxTokens;
  const { turns } = call;
  const request = buildRequest(provider, { prompt, ...(system === null ? {} : { system }), maxTokens, turns });
  return { prompt, request, most: mostOf(request, maxTokens, provider) };
}

/** The cost of a request with this reply. */
export function costOfReply(
  input: DiagnosisInput,
  call: PlannedCall & Pick<AskState, 'turns'>,
  provider: Provider,
  { page, reply }: { readonly page: Pick<Page, 'status' | 'fromCache'>; readonly reply: ModelReply },
): Spent {
  return spentOn(reply, page, provider, modelRequest(input, call, provider).most);
}

const STREAM = /^\s*(?:data|event|id|retry|:)/;

/** Reads a page, complete or cut off. Never throws. */
export function readReply(input: DiagnosisInput, provider: Provider, page: ReceivedPage, time: CallTime): ModelReply {
  const { status, headers } = page;
  const text = replyText(page);
  if (text === undefined) {
    const message = `the reply of ${page.url} is not text: its bytes are not ${headers['content-type'] ?? 'UTF-8'}`;
    return { ok: false, error: diagnosisError('parse', 'wrong_charset', message, time.nowMs) };
  }
  const origin = originOf(provider, status, time.nowMs, page.partial);
  const isStream = /event-stream/i.test(headers['content-type'] ?? '') || STREAM.test(text);
  const reply = isStream && status < 400 ? parseStream([text], origin) : parseResponse(text, origin);
  if (reply.ok) return reply;
  const { error_type, error_message } = reply.error;
  if (page.partial && (error_type === 'parse' || error_type === 'empty')) {
    const message = `${page.url} was cut off before it had sent any text of its answer`;
    return { ...reply, error: diagnosisError(cutTypeOf(input, provider, page, time), 'cut_off', message, time.nowMs) };
  }
  // A filled-in wait of a whole answer means nothing: many servers send the state of their limits with every response.
  const isRefusal = status >= 400 || THROTTLED.has(error_type);
  const waitMs = isRefusal ? waitOf(headers, { message: error_message, waitMs: reply.waitMs }, time.nowMs) : undefined;
  return { ...reply, waitMs };
}

/** What a call that is under way has said so far, earlier turns included; undefined: nothing. `text` is the beginning of its reply. */
export function heardSoFar(
  input: DiagnosisInput,
  call: AskState,
  provider: Provider,
  text: string,
  time: CallTime,
): ModelAnswer | undefined {
  const head = { url: provider.baseUrl, status: 200, headers: {}, partial: true, elapsedMs: 0 };
  const reply = readReply(input, provider, { ...head, bytes: Buffer.from(text), text }, time);
  const own = reply.ok ? reply.answer : undefined;
  const answer = own === undefined || call.said === undefined ? (own ?? call.said) : joinAnswers(call.said, own);
  return answer === undefined || answer.text.trim() === '' ? undefined : answer;
}

/** What a request that is under way may cost: its tokens are not counted yet. */
export function costUnderWay(input: DiagnosisInput, call: AskState, provider: Provider): Spent {
  const { most } = modelRequest(input, call, provider);
  const isPriced = provider.pricePerMillionTokens !== undefined;
  return addSpent(call.spent, { counted: isPriced ? 0 : null, atMost: searches(provider) ? null : (most ?? null) });
}

/** The error of a request that failed for good. */
export function givenUpError(input: DiagnosisInput, { code, message, data }: GivenUp, time: CallTime): DiagnosisError {
  const status = typeof data.status === 'number' ? data.status : undefined;
  const told = code === NO_KEY ? 'invalid_key' : typeOfFailure(code, message, status);
  const failed = diagnosisError(told === 'timeout' ? cutType(input, time) : told, code, message, time.nowMs);
  if (code !== PRIVATE_TARGET) return failed;
  return { ...failed, recoverable: false, remedy: 'name its address in http.allowed_private_targets' };
}

/** The code for a key name of the registry that the downloader cannot find. */
const NO_KEY = 'download.secret_missing';
/** The code for an endpoint at a private address, where those are refused. */
const PRIVATE_TARGET = 'download.private_target';
/** Timers fire a little early or late. */
const TOLERANCE_MS = 50;

/** Whether the call's own timeout ended it, or the run's deadline. */
function cutType(input: DiagnosisInput, time: CallTime): ErrorType {
  const untilMs = callsUntilMs(input, time);
  return untilMs !== undefined && time.nowMs >= untilMs - TOLERANCE_MS ? 'deadline_exceeded' : 'timeout';
}

/** The same for a page that ended early: before its time was over, the connection broke. */
function cutTypeOf(input: DiagnosisInput, provider: Provider, page: ReceivedPage, time: CallTime): ErrorType {
  const byDeadline = cutType(input, time);
  if (byDeadline === 'deadline_exceeded') return byDeadline;
  if (time.deadlineAtMs !== undefined) return 'network';
  const questions = input.questions.map((question) => callTimeoutMs(provider, question, undefined));
  return page.elapsedMs >= Math.min(...questions) - TOLERANCE_MS ? 'timeout' : 'network';
}

/** What follows a reply: another request of the same call, or its row. */
export type CallStep =
  | { readonly kind: 'again'; readonly state: AskState }
  | { readonly kind: 'answer'; readonly answer: ModelAnswer }
  | { readonly kind: 'failure'; readonly error: DiagnosisError; readonly answer?: ModelAnswer | undefined };

/** A reply to a request of a call, and what the request cost. */
export interface Replied {
  readonly reply: ModelReply;
  readonly spent: Spent;
  readonly fromCache: boolean;
  readonly runId: string;
}

/** What follows a reply. */
export function stepAfter(input: DiagnosisInput, call: AskState, replied: Replied, time: CallTime): CallStep {
  const { reply, spent, fromCache, runId } = replied;
  const state = { ...call, attempt: call.attempt + 1, spent: addSpent(call.spent, spent) };
  if (!reply.ok) {
    // A cached answer that cannot be used does not count as an attempt.
    const counted = fromCache ? { ...call, attempt: call.attempt - 1 } : call;
    const again = askAgain(input, { call: counted, error: reply.error, waitMs: reply.waitMs, runId }, time);
    if (again !== undefined) return { kind: 'again', state: { ...state, ...again } };
    const said = call.said?.text.trim() ?? '';
    if (said !== '')
      return { kind: 'answer', answer: { ...call.said!, finish: 'cut_off', finishWord: reply.error.error_code } };
    return { kind: 'failure', error: reply.error, answer: reply.answer };
  }
  const { next, ...own } = reply.answer;
  const answer = call.said === undefined ? own : joinAnswers(call.said, own);
  if (next !== undefined && call.turn < MAX_TURNS && hasTimeAt(input, time, time.nowMs)) {
    const turns = [...call.turns, ...next];
    return { kind: 'again', state: { ...state, turn: call.turn + 1, turns, said: answer, notBeforeMs: undefined } };
  }
  if (answer.text.trim() !== '') return { kind: 'answer', answer };
  const message = `the search of the model was not over after ${call.turn + 1} requests`;
  return { kind: 'failure', error: diagnosisError('empty', 'unfinished_search', message, time.nowMs), answer };
}

/** Requests that one answer may take beside the first: each is a search of the model, or a pause in one. */
const MAX_TURNS = 4;
/** Refused for want of capacity: the same request passes a little later. */
const THROTTLED: ReadonlySet<ErrorType> = new Set(['rate_limit', 'overloaded']);
/** Asked again after refusals so many times, where no deadline ends it before. */
const MAX_REFUSALS = 10;
/** Failures after which another attempt may succeed. A call that timed out, or whose breaker is open, is not retried. */
const PASSING: ReadonlySet<ErrorType> = new Set(['server', 'unavailable', 'network', 'parse', 'empty']);
/** Codes of such failures that another attempt would only repeat. */
const LASTING: ReadonlySet<string> = new Set(['no_text_before_limit']);
/** The least remaining time for another request. */
const MIN_ATTEMPT_MS = 2_000;

interface Failed {
  readonly call: AskState;
  readonly error: DiagnosisError;
  readonly waitMs?: number | undefined;
  readonly runId: string;
}

/** What changes in the state of a call that is asked again; undefined if it is not. */
export function askAgain(input: DiagnosisInput, failed: Failed, time: CallTime): Partial<AskState> | undefined {
  const { call, error, waitMs } = failed;
  const isThrottled = THROTTLED.has(error.error_type);
  const refusals = call.refusals + (isThrottled ? 1 : 0);
  if (isThrottled) {
    if (refusals > MAX_REFUSALS) return undefined;
  } else if (!PASSING.has(error.error_type) || LASTING.has(error.error_code)) return undefined;
  else if (call.attempt - call.refusals - call.turn >= input.attempts) return undefined;
  const pause = isThrottled ? pauseMs(refusals, waitMs, shareOf(failed)) : (waitMs ?? 0);
  const dueMs = time.nowMs + pause;
  if (!hasTimeAt(input, time, dueMs)) return undefined;
  return { refusals, notBeforeMs: pause === 0 ? undefined : dueMs };
}

/** Whether a call that is sent now may still get an answer. */
export function hasTimeForMore(input: DiagnosisInput, time: CallTime): boolean {
  return hasTimeAt(input, time, time.nowMs);
}

function hasTimeAt(input: DiagnosisInput, time: CallTime, atMs: number): boolean {
  const untilMs = callsUntilMs(input, time);
  return untilMs === undefined || untilMs - atMs >= MIN_ATTEMPT_MS;
}

/** From 0 to 1, by the call: calls that are refused together come back apart, and the same again after a crash. */
function shareOf({ call, runId }: Failed): number {
  const key = `${runId}/${callKey(String(call.question), call.model, call.repeat)}/${call.attempt}`;
  return Number.parseInt(hash('sha256', key, 'hex').slice(0, 8), 16) / 2 ** 32;
}
