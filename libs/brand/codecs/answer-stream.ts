/** A streamed answer while it comes: bytes in, the text so far out. Cutting it off anywhere loses nothing that came. */
import { AnswerDraft } from './answer-draft.ts';
import type { ModelAnswer } from './model-call.ts';
import { type ServerEvent, SseReader } from './sse.ts';

export class AnswerStream {
  /** What has come; whoever reads a reply out of it uses `replyOf`. */
  readonly draft = new AnswerDraft();
  readonly #readEvent: (event: unknown, draft: AnswerDraft) => void;
  readonly #sse = new SseReader();
  readonly #decoder = new TextDecoder();
  #malformed = 0;

  constructor(readEvent: (event: unknown, draft: AnswerDraft) => void) {
    this.#readEvent = readEvent;
  }

  /** Takes what arrived, cut anywhere, even inside a character. Never throws. */
  push(chunk: Uint8Array | string): void {
    this.#read(this.#sse.push(typeof chunk === 'string' ? chunk : this.#decoder.decode(chunk, { stream: true })));
  }

  /** No more will come: what stands without its closing line is read too, if it is whole. */
  end(): void {
    this.#read([...this.#sse.push(this.#decoder.decode()), ...this.#sse.end()]);
  }

  /** The answer so far; `partial` until the model has said that it is done. */
  get answer(): ModelAnswer {
    return this.draft.answer();
  }

  /** Events that were no JSON; they are passed over. */
  get malformed(): number {
    return this.#malformed;
  }

  #read(events: readonly ServerEvent[]): void {
    for (const { data } of events) {
      if (data.trim() === '[DONE]') continue;
      let event: unknown;
      try {
        event = JSON.parse(data);
      } catch {
        this.#malformed += 1;
        continue;
      }
      this.#readEvent(event, this.draft);
    }
  }
}
