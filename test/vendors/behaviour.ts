/** A row of the table: what a vendor sends, and what the row of the call must be. */
import type { Sent } from './stand-in.ts';

export interface Behaviour {
  readonly vendor: string;
  /** What happens, as a sentence about the answer. */
  readonly name: string;
  /** Fields of the registry's entry; `path` is the vendor's, in its base URL. */
  readonly entry: Readonly<Record<string, unknown>> & { readonly codec: string; readonly path: string };
  /** What is sent, request by request; the last again and again. */
  readonly sends: readonly Sent[];
  /** Parts of the bodies of the requests, one after the other. */
  readonly asks?: readonly object[];
  /** The path of the requests after that of the base URL. */
  readonly asksAt?: string;
  /** Parts of the row. */
  readonly row: Readonly<Record<string, unknown>>;
  /** Fields of the input. */
  readonly input?: Readonly<Record<string, unknown>>;
}

/** Rows of one vendor, without repeating what they share. */
export function behavioursOf(
  vendor: string,
  entry: Behaviour['entry'],
  rows: readonly (Omit<Behaviour, 'vendor' | 'entry'> & { readonly entry?: Readonly<Record<string, unknown>> })[],
): Behaviour[] {
  return rows.map((row) => ({ ...row, vendor, entry: { ...entry, ...row.entry } }));
}

export const QUESTION = '推荐几款跑鞋';
/** An answer of two pieces, with characters of several bytes. */
export const TEXT = '推荐如下：\n1. **云步**：缓震出色。\n2. **Strider**：做工扎实。';
export const PIECES = ['推荐如下：\n1. **云步**：缓震出色。', '\n2. **Strider**：做工扎实。'] as const;

const SSE_HEADERS = { 'content-type': 'text/event-stream; charset=utf-8' };

export function json(value: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Sent {
  return {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
    body: JSON.stringify(value),
  };
}

/** A stream of `data:` lines, closed by `[DONE]` unless another end is given. */
export function stream(events: readonly unknown[], end = 'data: [DONE]\n\n', then: Sent['then'] = 'end'): Sent {
  const frames = events.map((event) => (typeof event === 'string' ? event : `data: ${JSON.stringify(event)}\n\n`));
  return { headers: SSE_HEADERS, body: [...frames, end], then };
}

/** A stream whose events carry their type as their name too, as those of OpenAI Responses and Anthropic do. */
export function namedStream(events: readonly { readonly type: string }[], then: Sent['then'] = 'end'): Sent {
  const frames = events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
  return { headers: SSE_HEADERS, body: frames, then };
}

/** A page as gateways send it. */
export function page(title: string, status: number): Sent {
  const body = `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<center><h1>${title}</h1></center>\r\n</body>\r\n</html>\r\n`;
  return { status, headers: { 'content-type': 'text/html' }, body };
}

/** Chunks of a chat completion: text, then how it ended and what it took. */
export function chatChunks(
  model: string,
  {
    pieces = PIECES,
    finish = 'stop',
    usage,
  }: { pieces?: readonly string[]; finish?: string | null; usage?: object } = {},
): unknown[] {
  const base = { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1_764_000_000, model };
  return [
    { ...base, choices: [{ index: 0, delta: { role: 'assistant', content: '' }, finish_reason: null }] },
    ...pieces.map((content) => ({ ...base, choices: [{ index: 0, delta: { content }, finish_reason: null }] })),
    ...(finish === null ? [] : [{ ...base, choices: [{ index: 0, delta: {}, finish_reason: finish }] }]),
    ...(usage === undefined ? [] : [{ ...base, choices: [], usage }]),
  ];
}

/** A whole chat completion. */
export function chatBody(
  model: string,
  message: object,
  { finish = 'stop', usage, more = {} }: { finish?: string | null; usage?: object; more?: object } = {},
): object {
  return {
    ...{ id: 'chatcmpl-1', object: 'chat.completion', created: 1_764_000_000, model },
    choices: [{ index: 0, message: { role: 'assistant', ...message }, finish_reason: finish }],
    ...(usage === undefined ? {} : { usage }),
    ...more,
  };
}

export const WHOLE = { status: 'whole', finish: 'whole', response: TEXT, error: null } as const;
export const CUT = { status: 'partial', finish: 'cut_off', response: PIECES[0], error: null } as const;

/** A failed row with the kind of its error. */
export function failure(error_type: string, error_code: string, more: object = {}): Behaviour['row'] {
  return { status: 'failed', response: null, error: { error_type, error_code, ...more } };
}
