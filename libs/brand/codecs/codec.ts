/** A wire format: writes a question and reads an answer. Pure; readers never throw. */
import type { AnswerDraft } from './answer-draft.ts';
import type { ModelCall } from './model-call.ts';
import type { Provider } from './provider.ts';

export interface Codec {
  /** Path after the base URL. */
  readonly path: string;
  /** Headers besides content type and key. */
  headers(provider: Provider): Readonly<Record<string, string>>;
  /** The header that carries a key. */
  keyHeader(key: string): readonly [name: string, value: string];
  body(provider: Provider, call: ModelCall): Readonly<Record<string, unknown>>;
  /** Adds the content of a whole body. */
  readBody(body: unknown, draft: AnswerDraft): void;
  /** Adds the content of one event of a stream. */
  readEvent(event: unknown, draft: AnswerDraft): void;
}

/** `Authorization: Bearer …`, as in all formats but one. */
export function bearer(key: string): readonly [string, string] {
  return ['authorization', `Bearer ${key}`];
}

/** The messages of a chat. */
export function messagesOf({ system, prompt }: ModelCall): { role: string; content: string }[] {
  return [...(system === undefined ? [] : [{ role: 'system', content: system }]), { role: 'user', content: prompt }];
}

/** The fields that are set. */
export function given(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
