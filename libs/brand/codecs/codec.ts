/** A wire format: writes a question and reads an answer. Pure; readers never throw. */
import type { AnswerDraft } from './answer-draft.ts';
import type { Finish, ModelCall } from './model-call.ts';
import type { Provider } from './provider.ts';

export interface Codec {
  /** Path after the base URL. */
  path(provider: Provider): string;
  /** Headers besides content type and key. */
  headers(provider: Provider): Readonly<Record<string, string>>;
  /** The header that carries a key. */
  keyHeader(key: string): readonly [name: string, value: string];
  body(provider: Provider, call: ModelCall): Readonly<Record<string, unknown>>;
  /** How an answer ended, by the finish words of the format; a word that is not in it is `unknown`. */
  readonly finishWords: ReadonlyMap<string, Finish>;
  /** Adds the content of a whole body. */
  readBody(body: unknown, draft: AnswerDraft): void;
  /** Adds the content of one event of a stream. */
  readEvent(event: unknown, draft: AnswerDraft): void;
  /** The messages with which the call has to go on, if the model waits for another request. */
  next?(draft: AnswerDraft): readonly unknown[] | undefined;
}

/** `Authorization: Bearer …`, as in most formats. */
export function bearer(key: string): readonly [string, string] {
  return ['authorization', `Bearer ${key}`];
}

/** The messages of a chat: the question, and what was said since in the same call. */
export function messagesOf({ system, prompt, turns = [] }: ModelCall): unknown[] {
  return [
    ...(system === undefined ? [] : [{ role: 'system', content: system }]),
    { role: 'user', content: prompt },
    ...turns,
  ];
}

/** The fields that are set. */
export function given(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
