/** Reads a streamed answer: bytes in, the text so far out. If it is cut off, all received text is kept. */
import { createParser, type EventSourceParser } from 'eventsource-parser';
import { AnswerDraft } from './answer-draft.ts';
import type { Codec } from './codec.ts';
import type { ModelAnswer } from './model-call.ts';

export class AnswerStream {
  /** The draft so far; `replyOf` turns it into a reply. */
  readonly draft: AnswerDraft;
  readonly #codec: Pick<Codec, 'readEvent'>;
  readonly #parser: EventSourceParser;
  readonly #decoder = new TextDecoder();
  #malformed = 0;
  #isClosed = false;

  constructor(codec: Pick<Codec, 'readEvent' | 'finishWords'>) {
    this.#codec = codec;
    this.draft = new AnswerDraft(codec.finishWords);
    this.#parser = createParser({ onEvent: ({ data }) => this.#read(data) });
  }

  /** Adds received bytes, cut anywhere, even inside a character. Never throws. */
  push(chunk: Uint8Array | string): void {
    this.#parser.feed(typeof chunk === 'string' ? chunk : this.#decoder.decode(chunk, { stream: true }));
  }

  /** Ends the stream: a last event without its closing empty line is read too, if it is complete. */
  end(): void {
    // Some servers end like this, and cut-off streams do; the parser alone would leave the event out, as the standard says.
    this.#parser.feed(`${this.#decoder.decode()}\n\n`);
  }

  /** The answer so far; cut off until the model has sent its end. */
  get answer(): ModelAnswer {
    return this.draft.answer('cut_off');
  }

  /** Whether the server has sent `[DONE]`. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** The number of events that were not JSON; they are skipped. */
  get malformed(): number {
    return this.#malformed;
  }

  #read(data: string): void {
    if (data.trim() === '[DONE]') {
      this.#isClosed = true;
      return;
    }
    let event: unknown;
    try {
      event = JSON.parse(data);
    } catch {
      this.#malformed += 1;
      return;
    }
    this.#codec.readEvent(event, this.draft);
  }
}
