import { Agent } from 'undici';
import type { CookieJar } from '../policies/cookie-jar.ts';
import { Cancellation } from './cancellation.ts';
import { DecodeError, decodeBody } from './decode-body.ts';
import { downloadError, withoutCredentials } from './download-error.ts';
import { type Answer, Exchange, type Hop } from './exchange.ts';
import { DEFAULT_HTTP_OPTIONS, type HttpClientOptions } from './http-options.ts';
import { TargetGuard } from './private-address.ts';
import { RedirectTrail, redirected } from './redirect.ts';
import { firstHop } from './request.ts';

export interface HttpRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** Sends and keeps cookies; without one there are none. */
  readonly jar?: CookieJar;
  /** Of the whole request, redirects and body included. Default: the client's. */
  readonly totalTimeoutMs?: number;
  /** Headers that a redirect to another origin does not take along, besides those that never are. */
  readonly originOnly?: readonly string[];
  /** Keeps what has arrived of a body that time or the server cuts off; it is asked for uncompressed. */
  readonly keepsPartial?: boolean;
}

export interface HttpResponse {
  readonly status: number;
  /** After redirects; without credentials. */
  readonly url: string;
  /** As sent, with lower-case names; the body has its content encoding taken off all the same. */
  readonly headers: readonly [string, string][];
  readonly body: Uint8Array;
  /** Whether the body was cut off. */
  readonly partial: boolean;
  readonly timings: {
    /** Waiting for connections, redirects included. */
    readonly queuedMs: number;
    /** From sending the last request to its response's headers. */
    readonly firstByteMs: number;
    /** The whole request. */
    readonly totalMs: number;
  };
  readonly redirects: number;
}

export interface HttpClient {
  /** Performs one request. Any status is a response; what is none throws a CatenaError `download.…`. */
  fetch(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse>;
  /** Ends what is under way (`download.aborted`) and closes all connections. */
  close(): Promise<void>;
}

/** An HTTP client over one pool of connections per origin; every limit is in force for every request. */
export function createHttpClient(options: Partial<HttpClientOptions> = {}): HttpClient {
  const limits = { ...DEFAULT_HTTP_OPTIONS, ...options };
  const guard = limits.denyPrivateTargets ? new TargetGuard(limits.allowedPrivateAddresses, limits.lookup) : undefined;
  const agent = createAgent(limits, guard);

  async function exchange(
    hop: Hop,
    cookie: string,
    { cancellation, keepsPartial }: { cancellation: Cancellation; keepsPartial: boolean | undefined },
  ): Promise<Answer> {
    const denied = guard?.deniedAddress(hop.url);
    if (denied !== undefined) {
      throw downloadError('download.private_target', { url: hop.url, data: { address: denied } });
    }
    cancellation.throwIfCancelled();
    const exchanging = new Exchange(hop, limits, keepsPartial);
    cancellation.cover(exchanging, hop.url);
    agent.dispatch(
      {
        origin: hop.url.origin,
        path: hop.url.pathname + hop.url.search,
        method: hop.method,
        headers: wireHeaders(hop, cookie),
        body: hop.body ?? null,
      },
      exchanging,
    );
    return exchanging.answer;
  }

  async function fetch(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> {
    const startMs = performance.now();
    const { keepsPartial } = request;
    const asked = keepsPartial
      ? { ...request, headers: { ...request.headers, 'accept-encoding': 'identity' } }
      : request;
    let hop = firstHop(asked, limits.userAgent);
    const trail = new RedirectTrail(limits.maxRedirects);
    const cancellation = new Cancellation(hop.url, signal, request.totalTimeoutMs ?? limits.totalTimeoutMs);
    try {
      let queuedMs = 0;
      for (;;) {
        const cookie = cookieHeader(hop, request.jar);
        const answer = await exchange(hop, cookie, { cancellation, keepsPartial });
        queuedMs += answer.queuedMs;
        request.jar?.store(hop.url, answer.headers);
        const next = redirected(hop, answer.status, headerOf(answer, 'location'));
        if (next !== undefined) {
          trail.follow({ hop, cookie }, { hop: next, cookie: cookieHeader(next, request.jar) });
          hop = next;
          continue;
        }
        const body = await decode(answer, hop);
        const timings = { queuedMs, firstByteMs: answer.firstByteMs, totalMs: performance.now() - startMs };
        const { status, headers, partial } = answer;
        return { status, url: withoutCredentials(hop.url), headers, body, partial, timings, redirects: trail.length };
      }
    } finally {
      cancellation.end();
    }
  }

  async function decode(answer: Answer, hop: Hop): Promise<Buffer> {
    const encoding = headerOf(answer, 'content-encoding');
    if (encoding === undefined || answer.body.length === 0) return answer.body;
    try {
      return await decodeBody(answer.body, encoding, limits);
    } catch (thrown) {
      if (!(thrown instanceof DecodeError)) throw thrown;
      const { maxBodyBytes, maxDecompressionRatio } = limits;
      const data = {
        sentBytes: answer.body.length,
        limitBytes: thrown.limitBytes,
        maxBodyBytes,
        maxDecompressionRatio,
      };
      const detail = `${encoding}, ${thrown.message}`;
      throw downloadError(`download.${thrown.fault}`, { url: hop.url, detail, cause: thrown.cause, data });
    }
  }

  return { fetch, close: () => agent.destroy() };
}

/** Pools live as long as their connections, so that a crawl over many hosts does not collect them. */
function createAgent(limits: HttpClientOptions, guard: TargetGuard | undefined): Agent {
  const lookup = guard?.lookup ?? limits.lookup;
  return new Agent({
    connections: limits.maxConnectionsPerHost > 0 ? limits.maxConnectionsPerHost : null,
    pipelining: 1,
    // One protocol, of which every limit here is tested.
    allowH2: false,
    connect: { timeout: limits.connectTimeoutMs, ...(lookup === undefined ? {} : { lookup }) },
    headersTimeout: limits.headersTimeoutMs,
    bodyTimeout: limits.bodyTimeoutMs,
  });
}

/** The headers as undici takes them with the least work: names and values in turn. */
function wireHeaders(hop: Hop, cookie: string): string[] {
  const flat: string[] = [];
  for (const [name, value] of hop.headers) if (name !== 'cookie') flat.push(name, value);
  if (cookie !== '') flat.push('cookie', cookie);
  return flat;
}

/** The request's own cookies, and those of the jar. */
function cookieHeader(hop: Hop, jar: CookieJar | undefined): string {
  const own = hop.headers.get('cookie') ?? '';
  const kept = jar?.header(hop.url) ?? '';
  return own !== '' && kept !== '' ? `${own}; ${kept}` : own + kept;
}

function headerOf(answer: Answer, name: string): string | undefined {
  for (const header of answer.headers) if (header[0] === name) return header[1];
  return undefined;
}
