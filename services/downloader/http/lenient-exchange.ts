/** One exchange over a connection of its own, whose response is read leniently. */
import { connect, isIP, type Socket } from 'node:net';
import { connect as connectSecurely } from 'node:tls';
import { type Dispatcher, errors } from 'undici';
import { DrivenExchange, type DrivenOptions } from './driven-exchange.ts';
import type { Hop } from './hop.ts';
import { LenientResponse } from './lenient-response.ts';

export class LenientExchange extends DrivenExchange {
  readonly #socket: Socket;
  readonly #response: LenientResponse;

  constructor(hop: Hop, exchange: Dispatcher.DispatchHandler, options: DrivenOptions, onEnd: () => void) {
    super(hop, exchange, options, onEnd);
    this.#response = new LenientResponse(
      {
        onHead: (status, headers) => this.answer(status, headers),
        onData: (chunk) => exchange.onResponseData?.(this, chunk),
        onEnd: () => this.succeed(),
      },
      hop.method,
      options.maxHeaderBytes,
    );
    this.#socket = this.#connect();
    this.#socket.on('data', (arrived: Buffer) => {
      this.progress();
      this.#attempt(() => this.#response.write(arrived));
    });
    this.#socket.on('end', () => this.#attempt(() => this.#response.end()));
    this.#socket.on('error', (thrown) => this.fail(thrown));
    this.#socket.on('close', () => this.fail(new errors.SocketError('other side closed')));
  }

  override get paused(): boolean {
    return this.#socket.isPaused();
  }

  protected override destroy(): void {
    this.#socket.destroy();
  }

  protected override read(isWanted: boolean): void {
    if (isWanted) this.#socket.resume();
    else this.#socket.pause();
  }

  #connect(): Socket {
    const { url } = this.hop;
    const host = url.hostname.startsWith('[') ? url.hostname.slice(1, -1) : url.hostname;
    const { lookup, trust } = this.options;
    const where = { host, port: Number(url.port || (url.protocol === 'https:' ? 443 : 80)), ...(lookup && { lookup }) };
    if (url.protocol === 'http:') return connect(where, this.#send);
    const servername = isIP(host) === 0 ? { servername: host } : {};
    return connectSecurely({ ...where, ...servername, ...trust, ALPNProtocols: ['http/1.1'] }, this.#send);
  }

  readonly #send = (): void => {
    if (!this.begin()) return;
    const { url, method, headers, body } = this.hop;
    const lines = [`${method} ${url.pathname}${url.search} HTTP/1.1`];
    if (!headers.has('host')) lines.push(`host: ${url.host}`);
    for (const [name, value] of headers) if (value !== '' || name !== 'cookie') lines.push(`${name}: ${value}`);
    if (body !== undefined) lines.push(`content-length: ${body.byteLength}`);
    this.#socket.write(`${lines.join('\r\n')}\r\nconnection: close\r\n\r\n`, 'latin1');
    if (body !== undefined) this.#socket.write(body);
  };

  /** Runs a step of the reading; what it throws ends the exchange. */
  #attempt(read: () => void): void {
    if (this.isOver) return;
    try {
      read();
    } catch (thrown) {
      this.fail(thrown as Error);
    }
  }
}
