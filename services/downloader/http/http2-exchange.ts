/**
 * Exchanges over HTTP/2. Each is a stream of its own, and those with one server share a session. A stream counts as whole only if it was
 * closed without an error: the end of its data alone is no end, because a reset stream ends its data, too.
 */
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  type IncomingHttpHeaders,
  type IncomingHttpStatusHeader,
} from 'node:http2';
import { type Dispatcher, errors } from 'undici';
import { DrivenExchange, type DrivenOptions } from './driven-exchange.ts';
import type { Hop } from './hop.ts';

/** A session without streams is closed after this time. */
const IDLE_MS = 4_000;
/** Of HTTP/1.1 only: HTTP/2 has no such headers. */
const NOT_IN_HTTP2 = new Set(['host', 'connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade']);

/** The sessions with servers that speak HTTP/2 only, by origin. */
export class Http2Sessions {
  readonly #options: DrivenOptions;
  readonly #sessions = new Map<string, ClientHttp2Session>();

  constructor(options: DrivenOptions) {
    this.#options = options;
  }

  /** Begins an exchange over the session with its server. */
  send(hop: Hop, exchange: Dispatcher.DispatchHandler, onEnd: () => void): DrivenExchange {
    return new Http2Exchange(this.#sessionWith(hop.url.origin), hop, exchange, this.#options, onEnd);
  }

  close(): void {
    for (const session of this.#sessions.values()) session.destroy();
  }

  #sessionWith(origin: string): ClientHttp2Session {
    const known = this.#sessions.get(origin);
    if (known !== undefined && !known.closed && !known.destroyed) return known;
    const { lookup, trust, maxHeaderBytes } = this.#options;
    const session = connect(origin, {
      ...trust,
      ...(lookup && { lookup }),
      settings: { enablePush: false, maxHeaderListSize: maxHeaderBytes },
    });
    const forget = (): void => {
      if (this.#sessions.get(origin) === session) this.#sessions.delete(origin);
    };
    session.on('goaway', forget);
    session.on('close', forget);
    // Its streams get the error.
    session.on('error', forget);
    session.setTimeout(IDLE_MS, () => session.close());
    session.unref();
    this.#sessions.set(origin, session);
    return session;
  }
}

class Http2Exchange extends DrivenExchange {
  readonly #stream: ClientHttp2Stream;
  #hasEnded = false;

  constructor(
    session: ClientHttp2Session,
    hop: Hop,
    exchange: Dispatcher.DispatchHandler,
    options: DrivenOptions,
    onEnd: () => void,
  ) {
    super(hop, exchange, options, onEnd);
    const stream = session.request(headersOf(hop), { endStream: hop.body === undefined });
    this.#stream = stream;
    if (session.connecting) session.once('connect', () => this.begin());
    else queueMicrotask(() => this.begin());
    stream.on('response', (headers) => this.#onResponse(headers));
    stream.on('data', (chunk: Buffer) => {
      this.progress();
      if (!this.isOver) exchange.onResponseData?.(this, chunk);
    });
    stream.on('end', () => {
      this.#hasEnded = true;
    });
    // A session that fails cancels its streams, and is the cause.
    stream.on('error', (thrown) => this.fail(thrown.cause instanceof Error ? thrown.cause : thrown));
    stream.on('close', () => this.#onClose());
    if (hop.body !== undefined) stream.end(hop.body);
  }

  override get paused(): boolean {
    return this.#stream.isPaused();
  }

  protected override destroy(): void {
    if (!this.#stream.destroyed) this.#stream.destroy();
  }

  protected override read(isWanted: boolean): void {
    if (isWanted) this.#stream.resume();
    else this.#stream.pause();
  }

  #onResponse(headers: IncomingHttpHeaders & IncomingHttpStatusHeader): void {
    if (this.isOver) return;
    const named = Object.entries(headers).filter(([name]) => !name.startsWith(':'));
    const size = named.reduce((bytes, [name, value]) => bytes + name.length + String(value).length + 4, 0);
    if (size > this.options.maxHeaderBytes) this.fail(new errors.HeadersOverflowError());
    else this.answer(Number(headers[':status']), Object.fromEntries(named) as Record<string, string | string[]>);
  }

  #onClose(): void {
    if (this.#hasEnded && this.#stream.rstCode === 0) this.succeed();
    else this.fail(new errors.SocketError(`the stream was closed with code ${this.#stream.rstCode}`));
  }
}

function headersOf({ url, method, headers }: Hop): Record<string, string> {
  const sent: Record<string, string> = {
    ':method': method,
    ':scheme': 'https',
    ':authority': headers.get('host') ?? url.host,
    ':path': url.pathname + url.search,
  };
  for (const [name, value] of headers) if (!NOT_IN_HTTP2.has(name) && value !== '') sent[name] = value;
  return sent;
}
