/** The codecs by name, with their three uses: ask, read a body, read a stream. */
import { AnswerDraft } from './answer-draft.ts';
import { AnswerStream } from './answer-stream.ts';
import { anthropicMessages } from './anthropic-messages.ts';
import type { Codec } from './codec.ts';
import { dashscopeNative } from './dashscope-native.ts';
import { diagnosisError, typeOfStatus, typeOfWords } from './diagnosis-error.ts';
import type { ModelCall, ModelReply, ModelRequest } from './model-call.ts';
import { openAiChat } from './openai-chat.ts';
import { openAiResponses } from './openai-responses.ts';
import { perplexity } from './perplexity.ts';
import type { CodecName, Provider } from './provider.ts';

const CODECS: Readonly<Record<CodecName, Codec>> = {
  'openai-chat': openAiChat,
  'openai-responses': openAiResponses,
  'anthropic-messages': anthropicMessages,
  'dashscope-native': dashscopeNative,
  perplexity,
};

/** The request of a call, without its key: add the header of {@link keyHeader} when it is sent. */
export function buildRequest(provider: Provider, call: ModelCall): ModelRequest {
  const codec = CODECS[provider.codec];
  return {
    method: 'POST',
    url: provider.baseUrl.replace(/\/+$/, '') + codec.path,
    headers: {
      'content-type': 'application/json',
      accept: provider.streaming ? 'text/event-stream' : 'application/json',
      ...codec.headers(provider),
    },
    json: merged(codec.body(provider, call), provider.extraBody),
  };
}

/** The header that carries the key of a provider; never log it. */
export function keyHeader(codec: CodecName, key: string): readonly [name: string, value: string] {
  return CODECS[codec].keyHeader(key);
}

/** Reads a whole body: an answer, or an error. `status` is the HTTP status, `nowMs` stamps errors. Never throws. */
export function parseResponse(codec: CodecName, body: string, status: number, nowMs: number): ModelReply {
  const draft = new AnswerDraft();
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    if (status >= 400) return failed(typeOfStatus(status, '', body), `http_${status}`, body, nowMs);
    return failed('parse', 'not_json', `the body is not JSON: ${why}`, nowMs);
  }
  CODECS[codec].readBody(value, draft);
  return replyOf(draft, status, nowMs);
}

/** A reader for a streamed answer: push bytes as they arrive, and read the answer so far at any time. */
export function openStream(codec: CodecName): AnswerStream {
  return new AnswerStream((event, draft) => CODECS[codec].readEvent(event, draft));
}

/** The reply of a complete or cut-off stream that was already received. Never throws. */
export function parseStream(codec: CodecName, chunks: Iterable<Uint8Array | string>, nowMs: number): ModelReply {
  const stream = openStream(codec);
  for (const chunk of chunks) stream.push(chunk);
  stream.end();
  return replyOf(stream.draft, 200, nowMs);
}

/** The reply for a draft: received text is an answer, even if an error ended it. */
export function replyOf(draft: AnswerDraft, status: number, nowMs: number): ModelReply {
  const { problem } = draft;
  if (problem !== undefined && !draft.hasText) {
    const type =
      status >= 400 ? typeOfStatus(status, problem.code, problem.message) : typeOfWords(problem.code, problem.message);
    return failed(type, problem.code, problem.message, nowMs);
  }
  if (status >= 400)
    return failed(typeOfStatus(status, '', ''), `http_${status}`, `the provider answered ${status}`, nowMs);
  if (!draft.isRecognised) {
    return failed(
      'parse',
      'no_answer',
      'the body contains no answer in this format: check the codec and the base URL',
      nowMs,
    );
  }
  const answer = draft.answer();
  if (answer.text === '' && answer.finish === 'filtered') {
    return failed('content_safety', 'filtered', 'the provider held the whole answer back', nowMs);
  }
  return { ok: true, answer: problem === undefined ? answer : { ...answer, finish: 'cut_off' } };
}

function failed(...[type, code, message, nowMs]: Parameters<typeof diagnosisError>): ModelReply {
  return { ok: false, error: diagnosisError(type, code, message, nowMs) };
}

/** Objects are merged one level deep (`parameters` of DashScope); other fields of `extra` replace existing ones. */
function merged(
  body: Readonly<Record<string, unknown>>,
  extra: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const json: Record<string, unknown> = { ...body };
  for (const [name, value] of Object.entries(extra)) {
    const own = json[name];
    json[name] = isObject(own) && isObject(value) ? { ...own, ...value } : value;
  }
  return json;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
