import type { CatenaError } from '../../../libs/errors/catena-error.ts';
import { downloadError } from './download-error.ts';
import type { Exchange } from './exchange.ts';

/**
 * Ends a request early: by the caller's signal, or when its time is up. It outlives the single exchange, since a request
 * with redirects is several. {@link Cancellation.end} must be called, or the timer and the listener stay.
 */
export class Cancellation {
  readonly #signal: AbortSignal;
  readonly #timer: NodeJS.Timeout;
  #url: URL;
  #exchange: Exchange | undefined;
  #reason: CatenaError | undefined;

  constructor(url: URL, signal: AbortSignal, totalTimeoutMs: number) {
    this.#url = url;
    this.#signal = signal;
    this.#timer = setTimeout(() => {
      const data = { totalTimeoutMs };
      const error = downloadError('download.timeout', { url: this.#url, detail: `${totalTimeoutMs} ms`, data });
      this.#reason ??= error;
      this.#exchange?.cutShort(error);
    }, totalTimeoutMs);
    if (signal.aborted) this.#onAbort();
    else signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** Throws what ended the request, if anything did. */
  throwIfCancelled(): void {
    if (this.#reason !== undefined) throw this.#reason;
  }

  /** From now on this is what is to be ended. */
  cover(exchange: Exchange, url: URL): void {
    this.#exchange = exchange;
    this.#url = url;
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#signal.removeEventListener('abort', this.#onAbort);
  }

  #onAbort = (): void => {
    this.#cancel(downloadError('download.aborted', { url: this.#url, cause: this.#signal.reason }));
  };

  #cancel(reason: CatenaError): void {
    this.#reason ??= reason;
    this.#exchange?.cancel(this.#reason);
  }
}
