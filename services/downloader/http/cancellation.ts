import type { CatenaError } from '../../../libs/errors/catena-error.ts';
import { downloadError } from './download-error.ts';
import type { Exchange } from './exchange.ts';

/**
 * Ends a request early: when the caller's signal aborts or its time is up. It covers all exchanges of a request with redirects.
 * Call {@link Cancellation.end}; otherwise the timer and the listener leak.
 */
export class Cancellation {
  /** Timeout of the whole request, in milliseconds. */
  readonly totalTimeoutMs: number;
  readonly #caller: AbortSignal;
  readonly #keepsEnd: boolean;
  #timer: NodeJS.Timeout | undefined;
  #endsAtMs: number;
  /** The time that is left while the clock stands. */
  #leftMs: number | undefined;
  #waits = 0;
  #isOver = false;
  #url: URL;
  #exchange: Exchange | undefined;
  #reason: CatenaError | undefined;
  #ending: AbortController | undefined;

  /** `keepsEnd`: the end is a point in time, which no wait postpones. */
  constructor(url: URL, caller: AbortSignal, totalTimeoutMs: number, keepsEnd = false) {
    this.#url = url;
    this.#caller = caller;
    this.totalTimeoutMs = totalTimeoutMs;
    this.#endsAtMs = performance.now() + totalTimeoutMs;
    this.#keepsEnd = keepsEnd;
    this.#timer = setTimeout(this.#onTimeout, totalTimeoutMs);
    if (caller.aborted) this.#onAbort();
    else caller.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** Aborts when the request is ended early; for waits between two exchanges. */
  get signal(): AbortSignal {
    if (this.#ending === undefined) {
      this.#ending = new AbortController();
      if (this.#reason !== undefined) this.#ending.abort(this.#reason);
    }
    return this.#ending.signal;
  }

  /** Remaining time of the request, in milliseconds. */
  get leftMs(): number {
    return this.#leftMs ?? Math.max(0, this.#endsAtMs - performance.now());
  }

  /** Whether the request timed out before anything else ended it. */
  get timedOut(): boolean {
    return this.#reason?.code === 'download.timeout';
  }

  /** Throws the reason, if the request was ended. */
  throwIfCancelled(): void {
    if (this.#reason !== undefined) throw this.#reason;
  }

  /** Sets the current URL of the request, for its errors. */
  headFor(url: URL): void {
    this.#url = url;
  }

  /** Sets the exchange that is ended. */
  cover(exchange: Exchange): void {
    this.#exchange = exchange;
  }

  /** Stops the clock during a wait of this process for itself, which is not the server's time. */
  suspend(wait: Promise<unknown>): void {
    if (this.#keepsEnd) return;
    if (this.#waits === 0) {
      this.#leftMs = this.leftMs;
      clearTimeout(this.#timer);
    }
    this.#waits += 1;
    void wait.finally(() => {
      this.#waits -= 1;
      if (this.#waits > 0 || this.#isOver) return;
      const leftMs = this.leftMs;
      this.#leftMs = undefined;
      this.#endsAtMs = performance.now() + leftMs;
      this.#timer = setTimeout(this.#onTimeout, leftMs);
    });
  }

  end(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#caller.removeEventListener('abort', this.#onAbort);
  }

  #onTimeout = (): void => {
    const { totalTimeoutMs } = this;
    const data = { totalTimeoutMs };
    const error = downloadError('download.timeout', { url: this.#url, detail: `${totalTimeoutMs} ms`, data });
    this.#reason ??= error;
    this.#exchange?.cutShort(error);
    this.#ending?.abort(this.#reason);
  };

  #onAbort = (): void => {
    this.#reason ??= downloadError('download.aborted', { url: this.#url, cause: this.#caller.reason });
    this.#exchange?.cancel(this.#reason);
    this.#ending?.abort(this.#reason);
  };
}
