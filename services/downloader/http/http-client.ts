import { Agent } from 'undici';
import { unlessAborted } from '../../../libs/concurrency/abort.ts';
import type { BodyHold } from '../../../libs/limits/body-memory.ts';
import type { Cancellation } from './cancellation.ts';
import { DecodeError, decodeBody } from './decode-body.ts';
import { downloadError } from './download-error.ts';
import { type Answer, Exchange } from './exchange.ts';
import type { Hop } from './hop.ts';
import { DEFAULT_HTTP_OPTIONS, type HttpClientOptions } from './http-options.ts';
import { TargetGuard } from './private-address.ts';

export interface HttpClient {
  readonly options: HttpClientOptions;
  /**
   * Performs one exchange; a redirect is returned like any other response. The body is decoded. Throws a CatenaError
   * `download.…`, or the reason why the request was ended. The body grows within `hold`, and waits for its room; without it only
   * its size is limited.
   */
  send(hop: Hop, cancellation: Cancellation, hold?: BodyHold): Promise<Answer>;
  /** Throws `download.private_target` for a URL that names an address which must not be reached; {@link send} does too. */
  checkTarget(url: URL): void;
  /** Aborts running exchanges (`download.aborted`) and closes all connections. */
  close(): Promise<void>;
}

/** An HTTP client with one connection pool per origin; all limits hold for each request. */
export function createHttpClient(options: Partial<HttpClientOptions> = {}): HttpClient {
  const limits = { ...DEFAULT_HTTP_OPTIONS, ...options };
  const guard = limits.denyPrivateTargets ? new TargetGuard(limits.allowedPrivateAddresses, limits.lookup) : undefined;
  const agent = createAgent(limits, guard);

  function checkTarget(url: URL): void {
    const denied = guard?.deniedAddress(url);
    if (denied !== undefined) throw downloadError('download.private_target', { url, data: { address: denied } });
  }

  async function send(hop: Hop, cancellation: Cancellation, hold?: BodyHold): Promise<Answer> {
    checkTarget(hop.url);
    cancellation.throwIfCancelled();
    const onWait = (wait: Promise<void>) => cancellation.suspend(wait);
    const exchange = new Exchange(hop, limits, hold && { hold, onWait });
    cancellation.cover(exchange);
    const { url, method, body } = hop;
    const path = url.pathname + url.search;
    agent.dispatch({ origin: url.origin, path, method, headers: wireHeaders(hop), body: body ?? null }, exchange);
    return decoded(await exchange.answer, url, limits, async (bytes) => {
      const wait = hold?.grow(bytes);
      if (wait === undefined) return;
      onWait(wait);
      await unlessAborted(wait, cancellation.signal);
    });
  }

  return { options: limits, send, checkTarget, close: () => agent.destroy() };
}

async function decoded(
  answer: Answer,
  url: URL,
  limits: HttpClientOptions,
  makeRoom: (bytes: number) => Promise<void>,
): Promise<Answer> {
  // Several lines are one list, in their order (RFC 9110, 5.3).
  const codings = answer.headers.flatMap(([name, value]) => (name === 'content-encoding' ? [value] : []));
  if (codings.length === 0 || answer.body.length === 0) return answer;
  const encoding = codings.join(', ');
  try {
    return { ...answer, body: await decodeBody(answer.body, encoding, limits, makeRoom) };
  } catch (thrown) {
    if (!(thrown instanceof DecodeError)) throw thrown;
    const { maxBodyBytes, maxDecompressionRatio } = limits;
    const data = { sentBytes: answer.body.length, limitBytes: thrown.limitBytes, maxBodyBytes, maxDecompressionRatio };
    const detail = `content-encoding ${encoding}, ${thrown.message}`;
    // An error page is judged by its status first; whoever reads it learns that its body cannot be read.
    const isSuccess = answer.status >= 200 && answer.status <= 299;
    if (thrown.fault === 'bad_encoding' && !isSuccess) return { ...answer, undecoded: detail };
    throw downloadError(`download.${thrown.fault}`, { url, detail, cause: thrown.cause, data });
  }
}

/** A pool lives as long as its connections, so that a crawl over many hosts does not accumulate pools. */
function createAgent(limits: HttpClientOptions, guard: TargetGuard | undefined): Agent {
  const lookup = guard?.lookup ?? limits.lookup;
  return new Agent({
    connections: limits.maxConnectionsPerHost > 0 ? limits.maxConnectionsPerHost : null,
    pipelining: 1,
    // HTTP/1.1 only: all limits here are tested with it.
    allowH2: false,
    connect: { timeout: limits.connectTimeoutMs, ...(lookup === undefined ? {} : { lookup }) },
    headersTimeout: limits.headersTimeoutMs,
    bodyTimeout: limits.bodyTimeoutMs,
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
