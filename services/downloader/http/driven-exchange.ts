/** What the exchanges have in common that this client makes itself: times, pauses, and one end. */
import { type Dispatcher, errors } from 'undici';
import type { Hop } from './hop.ts';
import type { HttpClientOptions, Lookup } from './http-options.ts';

export interface DrivenOptions
  extends Pick<HttpClientOptions, 'connectTimeoutMs' | 'headersTimeoutMs' | 'bodyTimeoutMs' | 'maxHeaderBytes'> {
  readonly lookup: Lookup | undefined;
  /** What TLS trusts besides the authorities of Node. */
  readonly trust: { readonly ca?: string[] };
}

/** Tells an exchange of its response as undici would. */
export abstract class DrivenExchange implements Dispatcher.DispatchController {
  protected readonly hop: Hop;
  protected readonly exchange: Dispatcher.DispatchHandler;
  protected readonly options: DrivenOptions;
  readonly #onEnd: () => void;
  #timer: NodeJS.Timeout | undefined;
  #reason: Error | null = null;
  #isOver = false;

  /** `onEnd` is called once, however it ends. */
  constructor(hop: Hop, exchange: Dispatcher.DispatchHandler, options: DrivenOptions, onEnd: () => void) {
    this.hop = hop;
    this.exchange = exchange;
    this.options = options;
    this.#onEnd = onEnd;
    this.#allow(options.connectTimeoutMs, () => new errors.ConnectTimeoutError());
  }

  /** Ends the connection or the stream. */
  protected abstract destroy(): void;
  protected abstract read(isWanted: boolean): void;
  abstract get paused(): boolean;

  get isOver(): boolean {
    return this.#isOver;
  }

  get aborted(): boolean {
    return this.#reason !== null;
  }

  get reason(): Error | null {
    return this.#reason;
  }

  abort(reason: Error): void {
    this.#reason ??= reason;
    this.fail(reason);
  }

  /** No time of the server runs meanwhile. */
  pause(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.read(false);
  }

  resume(): void {
    if (this.#isOver) return;
    this.#allow(this.options.bodyTimeoutMs, () => new errors.BodyTimeoutError());
    this.read(true);
  }

  /** The request is being sent; false if it was given up meanwhile. */
  protected begin(): boolean {
    if (this.#isOver) return false;
    this.exchange.onRequestStart?.(this, {});
    this.#allow(this.options.headersTimeoutMs, () => new errors.HeadersTimeoutError());
    return !this.#isOver;
  }

  protected answer(status: number, headers: Record<string, string | string[]>): void {
    this.#allow(this.options.bodyTimeoutMs, () => new errors.BodyTimeoutError());
    this.exchange.onResponseStart?.(this, status, headers);
  }

  /** Something has arrived. */
  protected progress(): void {
    this.#timer?.refresh();
  }

  protected succeed(): void {
    this.#end(() => this.exchange.onResponseEnd?.(this, {}));
  }

  protected fail(error: Error): void {
    this.#end(() => this.exchange.onResponseError?.(this, error));
  }

  #allow(timeoutMs: number, error: () => Error): void {
    clearTimeout(this.#timer);
    this.#timer = this.#isOver ? undefined : setTimeout(() => this.fail(error()), timeoutMs);
  }

  #end(tell: () => void): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.destroy();
    this.#onEnd();
    tell();
  }
}
