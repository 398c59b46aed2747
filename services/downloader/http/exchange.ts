import type { Dispatcher } from 'undici';
import type { BodyHold } from '../../../libs/limits/body-memory.ts';
import { downloadError } from './download-error.ts';
import type { Hop } from './hop.ts';
import type { HttpClientOptions } from './http-options.ts';
import { toDownloadError } from './network-error.ts';
import { ReceivedBody } from './received-body.ts';
import { redirectLocation } from './redirect.ts';

/** The response of one exchange. */
export interface Answer {
  readonly status: number;
  readonly headers: readonly [string, string][];
  readonly body: Buffer;
  /** The size of the body as it was sent, before it was decoded. */
  readonly receivedBytes: number;
  /** Whether the body was cut off. */
  readonly partial: boolean;
  /** Why the body is still in its content coding; undefined for one that was decoded. */
  readonly undecoded?: string;
  /** Time until a connection was ready. */
  readonly queuedMs: number;
  /** Time from sending to the headers. */
  readonly firstByteMs: number;
}

/** A redirect's body is read and dropped up to this size, so that its connection can be reused. */
const MAX_DISCARDED_BYTES = 64 * 1024;
/** Errors by which a server ends a body early; closing this client is not one of them. */
const CUT_OFF = new Set(['download.truncated', 'download.reset', 'download.body_timeout']);
const EMPTY = Buffer.alloc(0);
/** A body of unknown length takes room in steps of this size. */
const STEP_BYTES = 256 * 1024;

/** The room for a body, and who is told that the exchange waits for it. */
export interface BodyRoom {
  readonly hold: BodyHold;
  readonly onWait: (wait: Promise<void>) => void;
}

/**
 * One exchange, as the callbacks of undici's lowest level: no streams, one promise. The promise settles exactly once. Later
 * events of the connection are ignored, and an unwanted body ends the connection.
 */
export class Exchange implements Dispatcher.DispatchHandler {
  readonly answer: Promise<Answer>;
  readonly #hop: Hop;
  readonly #limits: HttpClientOptions;
  readonly #dispatchedMs = performance.now();
  #resolve: (answer: Answer) => void = () => {};
  #reject: (reason: Error) => void = () => {};
  #settled = false;
  #controller: Dispatcher.DispatchController | undefined;
  #sentMs = 0;
  #headersMs = 0;
  #status = 0;
  #headers: [string, string][] = [];
  readonly #received = new ReceivedBody();
  #discardedBytes = 0;
  /** The length that was announced, until there is memory for it. */
  #expectedBytes = 0;
  #isDiscarding = false;
  readonly #room: BodyRoom | undefined;
  #waitsForRoom = false;
  #roomBytes = 0;

  /** Without `room` the body is limited by its size alone. */
  constructor(hop: Hop, limits: HttpClientOptions, room?: BodyRoom) {
    this.#hop = hop;
    this.#limits = limits;
    this.#room = room;
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** Ends the exchange and its connection with this error; does nothing after the end. */
  cancel(reason: Error): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#reject(reason);
    this.#controller?.abort(reason);
  }

  /** Ends the exchange at its timeout: a partial body is returned if the request keeps it, else as {@link cancel}. */
  cutShort(reason: Error): void {
    if (this.#succeedPartially()) this.#controller?.abort(reason);
    else this.cancel(reason);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    this.#sentMs = performance.now();
    if (this.#settled) controller.abort(new Error('aborted while waiting for a connection'));
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, headers: RawHeaders): void {
    if (this.#settled || status < 200) return;
    this.#headersMs = performance.now();
    this.#status = status;
    this.#headers = flatten(headers);
    this.#isDiscarding = redirectLocation(status, this.#headers) !== undefined;
    const length = Number(headers['content-length']);
    if (this.#isDiscarding || this.#hop.method === 'HEAD') return;
    this.#hop.onReceiving?.(() => this.#soFar());
    if (length > this.#limits.maxBodyBytes) {
      this.#refuse(length);
    } else if (length > 0) {
      this.#expectedBytes = length;
      this.#makeRoom(length, controller);
    }
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#settled) return;
    if (this.#isDiscarding) {
      this.#discardedBytes += chunk.length;
      if (this.#discardedBytes <= MAX_DISCARDED_BYTES) return;
      this.#succeed(EMPTY);
      controller.abort(new Error('the body of a redirect is too long to read'));
      return;
    }
    const receivedBytes = this.#received.length + chunk.length;
    if (receivedBytes > this.#limits.maxBodyBytes) {
      this.#refuse(receivedBytes);
      return;
    }
    this.#received.append(chunk);
    if (receivedBytes > this.#roomBytes) {
      const steps = Math.ceil(receivedBytes / STEP_BYTES);
      this.#makeRoom(Math.min(steps * STEP_BYTES, this.#limits.maxBodyBytes), controller);
    }
  }

  /** Leaves the connection unread until there is room for so many bytes of the body. */
  #makeRoom(bytes: number, controller: Dispatcher.DispatchController): void {
    this.#roomBytes = bytes;
    const wait = this.#room?.hold.grow(bytes);
    if (wait === undefined) {
      this.#takeMemory();
      return;
    }
    if (this.#room === undefined || this.#waitsForRoom) return;
    this.#waitsForRoom = true;
    controller.pause();
    this.#room.onWait(wait);
    void wait.then(() => {
      this.#waitsForRoom = false;
      this.#takeMemory();
      if (!this.#settled) controller.resume();
    });
  }

  /** There is room now for a body of known length. */
  #takeMemory(): void {
    if (!this.#settled) this.#received.expect(this.#expectedBytes);
    this.#expectedBytes = 0;
  }

  onResponseEnd(): void {
    this.#succeed(this.#received.take());
  }

  onResponseError(_controller: unknown, thrown: Error): void {
    if (this.#settled) return;
    if (this.#isDiscarding) {
      // Only the headers of a redirect matter.
      this.#succeed(EMPTY);
      return;
    }
    const error = toDownloadError(thrown, { url: this.#hop.url, answered: this.#status !== 0, limits: this.#limits });
    if (CUT_OFF.has(error.code) && this.#succeedPartially()) return;
    this.#settled = true;
    this.#reject(error);
  }

  #soFar(): Buffer | undefined {
    return this.#settled || this.#isCompressed ? undefined : this.#received.copy();
  }

  /** A part of a compressed body cannot be decoded. */
  get #isCompressed(): boolean {
    return this.#headers.some(([name]) => name === 'content-encoding');
  }

  #succeedPartially(): boolean {
    if (this.#hop.keepsPartial !== true || this.#settled || this.#isDiscarding || this.#received.length === 0)
      return false;
    if (this.#isCompressed) return false;
    this.#succeed(this.#received.take(), true);
    return true;
  }

  #succeed(body: Buffer, partial = false): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#resolve({
      status: this.#status,
      headers: this.#headers,
      body,
      receivedBytes: this.#isDiscarding ? this.#discardedBytes : body.length,
      partial,
      queuedMs: this.#sentMs - this.#dispatchedMs,
      firstByteMs: this.#headersMs - this.#sentMs,
    });
  }

  #refuse(sizeBytes: number): void {
    const { maxBodyBytes } = this.#limits;
    const detail = `${sizeBytes} bytes or more, ${maxBodyBytes} are allowed`;
    this.cancel(downloadError('download.too_large', { url: this.#hop.url, detail, data: { maxBodyBytes } }));
  }
}

type RawHeaders = Record<string, string | string[] | undefined>;

/** Header pairs; names are lower-case already, and a repeated header gives several pairs. */
function flatten(headers: RawHeaders): [string, string][] {
  const pairs: [string, string][] = [];
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    if (typeof value === 'string') pairs.push([name, value]);
    else for (const one of value ?? []) pairs.push([name, one]);
  }
  return pairs;
}
