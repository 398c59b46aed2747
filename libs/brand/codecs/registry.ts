/** The codecs by name, with their three uses: ask, read a body, read a stream. */
import { AnswerDraft, type ProviderProblem } from './answer-draft.ts';
import { AnswerStream } from './answer-stream.ts';
import { anthropicMessages } from './anthropic-messages.ts';
import type { Codec } from './codec.ts';
import { dashscopeNative } from './dashscope-native.ts';
import { diagnosisError, type ErrorType, typeOfStatus } from './diagnosis-error.ts';
import { gemini } from './gemini.ts';
import type { ModelAnswer, ModelCall, ModelReply, ModelRequest } from './model-call.ts';
import { openAiChat } from './openai-chat.ts';
import { openAiResponses } from './openai-responses.ts';
import { perplexity } from './perplexity.ts';
import { isStreamed, type Provider, switchesOf } from './provider.ts';
import type { CodecName } from './vendors/vendor.ts';
import { typeByVendor, VENDORS, type VendorName, vendorNameOf } from './vendors/vendors.ts';

const CODECS: Readonly<Record<CodecName, Codec>> = {
  'openai-chat': openAiChat,
  'openai-responses': openAiResponses,
  'anthropic-messages': anthropicMessages,
  'dashscope-native': dashscopeNative,
  perplexity,
  gemini,
};

/** The request of a call, without its key: add the header of {@link keyHeader} when it is sent. */
export function buildRequest(provider: Provider, call: ModelCall): ModelRequest {
  const codec = CODECS[provider.codec];
  return {
    method: 'POST',
    url: provider.baseUrl.replace(/\/+$/, '') + codec.path(provider),
    headers: {
      'content-type': 'application/json',
      accept: isStreamed(provider) ? 'text/event-stream' : 'application/json',
      ...codec.headers(provider),
    },
    json: [...switchesOf(provider), provider.extraBody].reduce(merged, codec.body(provider, call)),
  };
}

/** The header that carries the key of a provider; never log it. */
export function keyHeader(codec: CodecName, key: string): readonly [name: string, value: string] {
  return CODECS[codec].keyHeader(key);
}

/** What is known about the sender of a reply. */
export interface ReplyOrigin {
  readonly codec: CodecName;
  readonly vendor: VendorName;
  /** The HTTP status. */
  readonly status: number;
  /** Stamps errors, in Unix milliseconds. */
  readonly nowMs: number;
  /** Whether the connection ended before the body did. */
  readonly isCutOff?: boolean;
}

export function originOf(provider: Provider, status: number, nowMs: number, isCutOff = false): ReplyOrigin {
  return { codec: provider.codec, vendor: vendorNameOf(provider), status, nowMs, isCutOff };
}

/** Reads a whole body: an answer, or an error. Never throws. */
export function parseResponse(body: string, origin: ReplyOrigin): ModelReply {
  const draft = new AnswerDraft(CODECS[origin.codec].finishWords);
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch (thrown) {
    return unreadable(body, thrown instanceof Error ? thrown.message : String(thrown), origin);
  }
  CODECS[origin.codec].readBody(value, draft);
  // A body that does not say how its answer ended leaves that open.
  return replyOf(draft, 'unknown', origin);
}

/** A reader for a streamed answer: push bytes as they arrive, and read the answer so far at any time. */
export function openStream(codec: CodecName): AnswerStream {
  return new AnswerStream(CODECS[codec]);
}

/** The reply of a complete or cut-off stream that was already received. Never throws. */
export function parseStream(chunks: Iterable<Uint8Array | string>, origin: ReplyOrigin): ModelReply {
  const stream = openStream(origin.codec);
  for (const chunk of chunks) stream.push(chunk);
  stream.end();
  // A stream that was closed in order without a finish word leaves open how its answer ended; any other broke off.
  return replyOf(stream.draft, stream.isClosed && origin.isCutOff !== true ? 'unknown' : 'cut_off', origin);
}

/** The reply for a draft: received text is an answer, even if an error ended it. */
function replyOf(draft: AnswerDraft, unfinished: ModelAnswer['finish'], origin: ReplyOrigin): ModelReply {
  const { problem } = draft;
  if (problem !== undefined) return brokenOff(draft.answer(unfinished), problem, origin);
  const { status } = origin;
  if (status >= 400)
    return failed(typeOfStatus(status, '', ''), `http_${status}`, `the provider answered ${status}`, origin);
  if (!draft.isRecognised) {
    const message = 'the body contains no answer in this format: check the codec and the base URL';
    return failed('parse', 'no_answer', message, origin);
  }
  const next = CODECS[origin.codec].next?.(draft);
  const answer: ModelAnswer = { ...draft.answer(unfinished), ...(next === undefined ? {} : { next }) };
  return next === undefined && !hasText(answer) ? withoutText(answer, origin) : { ok: true, answer };
}

/** Thinking that a server writes into the text. */
const THOUGHTS = /^\s*<think>[\s\S]*?(?:<\/think>|$)/;

function hasText({ text }: ModelAnswer): boolean {
  return text.replace(THOUGHTS, '').trim() !== '';
}

/** An answer that an error ended: what had come is kept. */
function brokenOff(answer: ModelAnswer, problem: ProviderProblem, origin: ReplyOrigin): ModelReply {
  const type = typeOfProblem(problem, origin);
  if (hasText(answer) && origin.status < 400) {
    const finish = type === 'content_safety' ? 'filtered' : 'cut_off';
    return { ok: true, answer: { ...answer, finish, finishWord: answer.finishWord || problem.code } };
  }
  const { code, message, waitMs } = problem;
  return { ...failed(type, code, message || `the provider answered ${origin.status}`, origin), answer, waitMs };
}

function typeOfProblem({ code, type, message, hint }: ProviderProblem, { vendor, status }: ReplyOrigin): ErrorType {
  const known = typeByVendor(VENDORS[vendor], { status, code, type, message: `${message} ${hint ?? ''}` });
  return known ?? typeOfStatus(status, `${code} ${type ?? ''}`.trim(), message);
}

/** An answer without text, by how it ended. */
function withoutText(answer: ModelAnswer, origin: ReplyOrigin): ModelReply {
  const { finish, finishWord, usage } = answer;
  const word = finishWord === '' ? 'without a finish word' : `with "${finishWord}"`;
  if (finish === 'filtered') {
    return {
      ...failed('content_safety', 'filtered', `the provider held the whole answer back, ${word}`, origin),
      answer,
    };
  }
  if (finish === 'refused') return { ...failed('refused', 'refused', 'the model declined to answer', origin), answer };
  const spent = (usage?.reasoningTokens ?? 0) > 0 || answer.reasoning !== '' || answer.text !== '';
  const isLimit = finish === 'cut_off' && /length|max/i.test(finishWord);
  const code = isLimit ? 'no_text_before_limit' : 'no_text';
  const why = spent ? ': its tokens went into thinking' : '';
  const reply = failed('empty', code, `the answer ended ${word} before it had any text${why}`, origin);
  const remedy = isLimit ? 'set thinking: off for this entry of the registry, or raise its maxTokens' : undefined;
  return { ok: false, error: { ...reply.error, ...(remedy === undefined ? {} : { remedy }) }, answer };
}

const MARKUP = /^\s*(?:<!doctype|<html|<head|<\?xml|<body|<center|<h1)/i;
const MAX_TITLE_CHARS = 100;

/** A body that is no JSON: a page of a gateway, plain text, or a stream. */
function unreadable(body: string, why: string, origin: ReplyOrigin): ModelReply & { readonly ok: false } {
  const { status } = origin;
  if (/^\s*(?:data|event):/.test(body)) {
    const streamed = parseStream([body], origin);
    if (!streamed.ok) return streamed;
  }
  if (MARKUP.test(body)) {
    const title = /<title[^>]*>([^<]*)/i.exec(body)?.[1]?.trim().slice(0, MAX_TITLE_CHARS) ?? '';
    const message = `a gateway answered ${status} with a page${title === '' ? '' : `, “${title}”`}`;
    // A page says nothing about the account: only a 401 is a refused key, also of those who answer it with a page.
    const byStatus = typeOfStatus(status, '', '');
    const type = status < 400 ? 'parse' : status === 403 || status === 404 ? 'network' : byStatus;
    const reply = failed(type, `page_${status}`, message, origin);
    const remedy =
      'check baseUrl, and what stands between this machine and the provider: a proxy, a firewall, a region';
    return { ok: false, error: { ...reply.error, remedy: reply.error.remedy ?? remedy } };
  }
  if (status >= 400)
    return failed(
      typeOfStatus(status, '', body),
      `http_${status}`,
      body.trim() || `the provider answered ${status}`,
      origin,
    );
  if (origin.isCutOff === true) return failed('parse', 'cut_off', `the body ended before it was whole: ${why}`, origin);
  if (body.trim() === '') return failed('empty', 'no_body', 'the provider answered without a body', origin);
  return failed('parse', 'not_json', `the body is not JSON: ${why}`, origin);
}

function failed(type: ErrorType, code: string, message: string, { vendor, nowMs }: ReplyOrigin) {
  const remedy = VENDORS[vendor].remedies[type];
  const error = diagnosisError(type, code, message, nowMs);
  return { ok: false as const, error: remedy === undefined ? error : { ...error, remedy } };
}

/** Objects are merged (`parameters` of DashScope, `generationConfig` of Gemini); other fields of `extra` replace existing ones. */
function merged(
  body: Readonly<Record<string, unknown>>,
  extra: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const json: Record<string, unknown> = { ...body };
  for (const [name, value] of Object.entries(extra)) {
    const own = json[name];
    json[name] = isObject(own) && isObject(value) ? merged(own, value) : value;
  }
  return json;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
