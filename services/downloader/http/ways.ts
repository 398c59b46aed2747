/**
 * The ways in which an exchange can be made. The usual one is HTTP/1.1, read strictly, over connections that are kept. A server that
 * it does not suit is met in another way at once, within the same attempt, and from then on in that way first:
 *
 * - `fresh`: over a new connection, when a kept one was closed under the request. The server was about to close it for its age, and has
 *   not read the request (RFC 9112, 9.3.1).
 * - `http2`: when the server refuses to speak HTTP/1.1.
 * - `lenient`: over a new connection with the lenient reader, when the response is no strict HTTP.
 *
 * A request that may change something is repeated only where the server certainly has not seen it.
 */
import { rootCertificates } from 'node:tls';
import { Agent, buildConnector, type Dispatcher, errors } from 'undici';
import { RecentMap } from '../../../libs/concurrency/recent-map.ts';
import type { CatenaError } from '../../../libs/errors/catena-error.ts';
import type { DrivenExchange } from './driven-exchange.ts';
import type { Hop } from './hop.ts';
import type { HttpClientOptions, Lookup } from './http-options.ts';
import { Http2Sessions } from './http2-exchange.ts';
import { LenientExchange } from './lenient-exchange.ts';

export type Way = 'usual' | 'fresh' | 'http2' | 'lenient';

/** Methods whose repetition changes nothing more (RFC 9110, 9.2.2). */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);
/** Servers whose way is remembered; the least recently used one is forgotten. */
const MAX_ORIGINS = 10_000;

export interface Ways {
  /** The way that suits the server of a hop, as far as it is known. */
  wayOf(hop: Hop): Way;
  /** The way in which a failed exchange is to be made again; undefined for one whose failure counts. */
  another(hop: Hop, failed: Way, error: CatenaError): Way | undefined;
  /** A way has succeeded where another one had failed with this error. */
  suits(hop: Hop, way: Way, error: CatenaError): void;
  /** Begins an exchange. */
  dispatch(hop: Hop, way: Way, exchange: Dispatcher.DispatchHandler): void;
  close(): Promise<void>;
}

/** Called when a server is met in another way from now on, and why. */
export type OnUnusual = (origin: string, way: 'http2' | 'lenient', error: CatenaError) => void;

export function createWays(limits: HttpClientOptions, lookup: Lookup | undefined, onUnusual: OnUnusual): Ways {
  const trust = limits.ca === undefined ? {} : { ca: [...rootCertificates, limits.ca] };
  const connection = { ...trust, ...(lookup && { lookup }) };
  const agents = {
    usual: createAgent(limits, connection, { pipelining: 1 }),
    // Without pipelining a connection serves one request.
    fresh: createAgent(limits, connection, { pipelining: 0 }),
  };
  const driven = { ...limits, lookup, trust };
  const sessions = new Http2Sessions(driven);
  const running = new Set<DrivenExchange>();
  const known = new RecentMap<string, 'http2' | 'lenient'>(MAX_ORIGINS);

  function suits({ url: { origin } }: Hop, way: Way, error: CatenaError): void {
    if (way !== 'http2' && way !== 'lenient') return;
    if (known.get(origin) !== way) onUnusual(origin, way, error);
    known.set(origin, way);
  }

  function dispatch(hop: Hop, way: Way, exchange: Dispatcher.DispatchHandler): void {
    if (way === 'usual' || way === 'fresh') {
      const { url, method, body } = hop;
      const path = url.pathname + url.search;
      const headers = wireHeaders(hop);
      agents[way].dispatch({ origin: url.origin, path, method, headers, body: body ?? null }, exchange);
      return;
    }
    const onEnd = (): void => void running.delete(own);
    const own: DrivenExchange =
      way === 'http2' ? sessions.send(hop, exchange, onEnd) : new LenientExchange(hop, exchange, driven, onEnd);
    running.add(own);
  }

  return {
    wayOf: ({ url }) => (limits.lenient === 'always' ? 'lenient' : (known.get(url.origin) ?? 'usual')),
    another: (hop, failed, error) => fittingWay(hop, failed, error, limits),
    suits,
    dispatch,
    close: async () => {
      for (const exchange of [...running]) exchange.abort(new errors.ClientDestroyedError());
      sessions.close();
      await Promise.all(Object.values(agents).map((each) => each.destroy()));
    },
  };
}

function fittingWay(hop: Hop, failed: Way, error: CatenaError, limits: HttpClientOptions): Way | undefined {
  if (error.code === 'download.http2_only') {
    return limits.http2 && failed !== 'http2' ? 'http2' : undefined;
  }
  if (!IDEMPOTENT.has(hop.method)) return undefined;
  if (error.code === 'download.reset') return failed === 'usual' && wasKept(error.cause) ? 'fresh' : undefined;
  const isUnusual = error.code === 'download.malformed';
  return isUnusual && limits.lenient === 'when_needed' && failed !== 'lenient' ? 'lenient' : undefined;
}

/** Errors of a connection that had received something before: the response to an earlier request. */
const OF_KEPT = new WeakSet<object>();

function wasKept(cause: unknown): boolean {
  if (cause instanceof errors.SocketError) return (cause.socket?.bytesRead ?? 0) > 0;
  return typeof cause === 'object' && cause !== null && OF_KEPT.has(cause);
}

/** A pool lives as long as its connections, so that a crawl over many hosts does not accumulate pools. */
function createAgent(limits: HttpClientOptions, connection: buildConnector.BuildOptions, more: Agent.Options): Agent {
  const connect = buildConnector({
    ...connection,
    allowH2: false,
    timeout: limits.connectTimeoutMs,
  });
  return new Agent({
    connections: limits.maxConnectionsPerHost > 0 ? limits.maxConnectionsPerHost : null,
    allowH2: false,
    headersTimeout: limits.headersTimeoutMs,
    bodyTimeout: limits.bodyTimeoutMs,
    maxHeaderSize: limits.maxHeaderBytes,
    ...more,
    connect: (options, callback) =>
      connect(options, (...[error, socket]: buildConnector.CallbackArgs) => {
        if (error !== null) return callback(error, null);
        // First of its listeners: undici passes the error on, but not what the connection had received.
        socket.on('error', (thrown) => {
          if (socket.bytesRead > 0) OF_KEPT.add(thrown);
        });
        return callback(null, socket);
      }),
  });
}

/** The headers in undici's cheapest form: names and values in turn, the cookies last. */
function wireHeaders({ headers }: Hop): string[] {
  const flat: string[] = [];
  for (const [name, value] of headers) if (name !== 'cookie') flat.push(name, value);
  const cookie = headers.get('cookie') ?? '';
  if (cookie !== '') flat.push('cookie', cookie);
  return flat;
}
