/** Reads a streamed answer: bytes in, the text so far out. If it is cut off, all received text is kept. */
import { AnswerDraft } from './answer-draft.ts';
import type { ModelAnswer } from './model-call.ts';
import { type ServerEvent, SseReader } from './sse.ts';

export class AnswerStream {
  /** The draft so far; `replyOf` turns it into a reply. */
  readonly draft = new AnswerDraft();
  readonly #readEvent: (event: unknown, draft: AnswerDraft) => void;
  readonly #sse = new SseReader();
  readonly #decoder = new TextDecoder();
  #malformed = 0;

  constructor(readEvent: (event: unknown, draft: AnswerDraft) => void) {
    this.#readEvent = readEvent;
  }

  /** Adds received bytes, cut anywhere, even inside a character. Never throws. */
  push(chunk: Uint8Array | string): void {
    this.#read(this.#sse.push(typeof chunk === 'string' ? chunk : this.#decoder.decode(chunk, { stream: true })));
  }

  /** Ends the stream: a last event without its closing line is read too, if it is complete. */
  end(): void {
    this.#read([...this.#sse.push(this.#decoder.decode()), ...this.#sse.end()]);
  }

  /** The answer so far; cut off until the model has sent its end. */
  get answer(): ModelAnswer {
    return this.draft.answer();
  }

  /** The number of events that were not JSON; they are skipped. */
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
