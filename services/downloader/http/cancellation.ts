import type { CatenaError } from '../../../libs/errors/catena-error.ts';
import { downloadError } from './download-error.ts';
import type { Exchange } from './exchange.ts';

/**
 * Ends a request early: by the caller's signal, or when its time is up. It outlives the single exchange, since a request
 * with redirects is several. {@link Cancellation.end} must be called, or the timer and the listener stay.
 */
export class Cancellation {
  /** What the whole request may take, in milliseconds. */
  readonly totalTimeoutMs: number;
  readonly #caller: AbortSignal;
  readonly #timer: NodeJS.Timeout;
  readonly #endsAtMs: number;
  #url: URL;
  #exchange: Exchange | undefined;
  #reason: CatenaError | undefined;
  #ending: AbortController | undefined;

  constructor(url: URL, caller: AbortSignal, totalTimeoutMs: number) {
    this.#url = url;
    this.#caller = caller;
    this.totalTimeoutMs = totalTimeoutMs;
    this.#endsAtMs = performance.now() + totalTimeoutMs;
    this.#timer = setTimeout(() => {
      const data = { totalTimeoutMs };
      const error = downloadError('download.timeout', { url: this.#url, detail: `${totalTimeoutMs} ms`, data });
      this.#reason ??= error;
      this.#exchange?.cutShort(error);
      this.#ending?.abort(this.#reason);
    }, totalTimeoutMs);
    if (caller.aborted) this.#onAbort();
    else caller.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** Aborts when the request is ended early: for what it waits for between two exchanges. */
  get signal(): AbortSignal {
    if (this.#ending === undefined) {
      this.#ending = new AbortController();
      if (this.#reason !== undefined) this.#ending.abort(this.#reason);
    }
    return this.#ending.signal;
  }

  /** What is left of the request's time, in milliseconds. */
  get leftMs(): number {
    return Math.max(0, this.#endsAtMs - performance.now());
  }

  /** Whether the time of the request was up before anything else ended it. */
  get timedOut(): boolean {
    return this.#reason?.code === 'download.timeout';
  }

  /** Throws what ended the request, if anything did. */
  throwIfCancelled(): void {
    if (this.#reason !== undefined) throw this.#reason;
  }

  /** From now on this is where the request is on its way to. */
  headFor(url: URL): void {
    this.#url = url;
  }

  /** From now on this is what is to be ended. */
  cover(exchange: Exchange): void {
    this.#exchange = exchange;
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#caller.removeEventListener('abort', this.#onAbort);
  }

  #onAbort = (): void => {
    this.#reason ??= downloadError('download.aborted', { url: this.#url, cause: this.#caller.reason });
    this.#exchange?.cancel(this.#reason);
    this.#ending?.abort(this.#reason);
  };
}
