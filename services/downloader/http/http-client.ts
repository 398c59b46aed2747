import { unlessAborted } from '../../../libs/concurrency/abort.ts';
import { CatenaError } from '../../../libs/errors/catena-error.ts';
import type { BodyHold } from '../../../libs/limits/body-memory.ts';
import type { Cancellation } from './cancellation.ts';
import { DecodeError, decodeBody } from './decode-body.ts';
import { downloadError } from './download-error.ts';
import { type Answer, type BodyRoom, Exchange } from './exchange.ts';
import type { Hop } from './hop.ts';
import { DEFAULT_HTTP_OPTIONS, type HttpClientOptions } from './http-options.ts';
import { TargetGuard } from './private-address.ts';
import { createWays, type OnUnusual } from './ways.ts';

export interface HttpClient {
  readonly options: HttpClientOptions;
  /**
   * Performs one exchange; a redirect is returned like any other response. The body is decoded. Throws a CatenaError
   * `download.…`, or the reason why the request was ended. The body grows within `hold`, and waits for its room; without it only
   * its size is limited.
   */
  send(hop: Hop, cancellation: Cancellation, hold?: BodyHold): Promise<Answer>;
  /**
   * Throws `download.private_target` for a URL that names an address which must not be reached, and `download.forbidden_port` for one from
   * content; {@link send} does too.
   */
  checkTarget(target: Target): void;
  /** Aborts running exchanges (`download.aborted`) and closes all connections. */
  close(): Promise<void>;
}

/** Where a request goes, and whether content names it. */
export type Target = Pick<Hop, 'url' | 'isUntrusted'>;

/** The ports of the web; an empty one is that of its protocol. */
const WEB_PORTS: ReadonlySet<string> = new Set(['', '80', '443']);

/**
 * An HTTP client with one connection pool per origin; all limits hold for each request. `onUnusual` is called for a server that speaks HTTP/2
 * only or breaks HTTP/1.1, once as long as that is remembered.
 */
export function createHttpClient(
  options: Partial<HttpClientOptions> = {},
  onUnusual: OnUnusual = () => undefined,
): HttpClient {
  const limits = { ...DEFAULT_HTTP_OPTIONS, ...options };
  const { lookup, denyPrivateTargets, allowedPrivateTargets, allowedUntrustedTargets } = limits;
  const guard = denyPrivateTargets ? new TargetGuard(allowedPrivateTargets, lookup) : undefined;
  const strictGuard = new TargetGuard(allowedUntrustedTargets, lookup);
  // Requests from content have connections of their own: those of others may lead where they must not go.
  const trustedWays = createWays(limits, guard?.lookup ?? lookup, onUnusual);
  const untrustedWays = createWays(limits, strictGuard.lookup, onUnusual);

  function checkTarget({ url, isUntrusted }: Target): void {
    const denied = (isUntrusted === true ? strictGuard : guard)?.deniedAddress(url);
    if (denied !== undefined) throw downloadError('download.private_target', { url, data: { address: denied } });
    if (isUntrusted === true && !WEB_PORTS.has(url.port) && !strictGuard.allows(url)) {
      throw downloadError('download.forbidden_port', { url, data: { port: url.port } });
    }
  }

  /** Makes an exchange, in as many ways as it takes: each at most once. */
  async function exchanged(hop: Hop, cancellation: Cancellation, room: BodyRoom | undefined): Promise<Answer> {
    const ways = hop.isUntrusted === true ? untrustedWays : trustedWays;
    let way = ways.wayOf(hop);
    let failure: CatenaError | undefined;
    for (;;) {
      const exchange = new Exchange(hop, limits, room);
      cancellation.cover(exchange);
      ways.dispatch(hop, way, exchange);
      try {
        const answer = await exchange.answer;
        if (failure !== undefined) ways.suits(hop, way, failure);
        return answer;
      } catch (thrown) {
        cancellation.throwIfCancelled();
        const another = thrown instanceof CatenaError ? ways.another(hop, way, thrown) : undefined;
        if (another === undefined) throw thrown;
        failure = thrown as CatenaError;
        way = another;
      }
    }
  }

  async function send(hop: Hop, cancellation: Cancellation, hold?: BodyHold): Promise<Answer> {
    checkTarget(hop);
    cancellation.throwIfCancelled();
    const onWait = (wait: Promise<void>) => cancellation.suspend(wait);
    const room = hold && { hold, onWait };
    const { url } = hop;
    return decoded(await exchanged(hop, cancellation, room), url, limits, async (bytes) => {
      const wait = hold?.grow(bytes);
      if (wait === undefined) return;
      onWait(wait);
      await unlessAborted(wait, cancellation.signal);
    });
  }

  return {
    options: limits,
    send,
    checkTarget,
    close: async () => void (await Promise.all([trustedWays.close(), untrustedWays.close()])),
  };
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
