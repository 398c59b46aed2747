/** A whole request: its first hop, its redirects, and the final response. */
import { type Clock, systemClock } from '../../../libs/clock/clock.ts';
import { Cancellation } from './cancellation.ts';
import { withoutCredentials } from './download-error.ts';
import type { Answer } from './exchange.ts';
import { type AskedRequest, firstHop, type Hop } from './hop.ts';
import type { HttpClient } from './http-client.ts';
import { RedirectTrail, redirected, redirectLocation } from './redirect.ts';

export interface HttpRequest extends AskedRequest {
  /** Timeout of the whole request with redirects and body. Default: the client's. */
  readonly totalTimeoutMs?: number;
  /** Whether that timeout is the time to a fixed end, which no wait of this process postpones. */
  readonly hasFixedEnd?: boolean;
}

export interface HttpResponse {
  readonly status: number;
  /** The final URL after redirects, without credentials. */
  readonly url: string;
  /** As sent, with lower-case names; they still describe the encoded body, though `body` is decoded. */
  readonly headers: readonly [string, string][];
  readonly body: Uint8Array;
  /** Whether the body was cut off. */
  readonly partial: boolean;
  /** Why the body is still in its content coding; undefined for one that was decoded. Only of statuses that are no success. */
  readonly undecoded?: string;
  readonly timings: {
    /** Time until connections were ready, redirects included. */
    readonly queuedMs: number;
    /** Time from sending the last hop to its response's headers. */
    readonly firstByteMs: number;
    /** Time of the whole request. */
    readonly totalMs: number;
  };
  readonly redirects: number;
}

/** Hooks for the hops of a request. */
export interface HopOptions {
  /** Replaces the client's `send`; `redirects` is the number of redirects before this hop. */
  readonly send?: (hop: Hop, redirects: number, cancellation: Cancellation) => Promise<Answer>;
  readonly clock?: Clock;
}

/**
 * Performs one request and follows redirects. Any status is a response; a failure throws a CatenaError `download.…` or what
 * `send` throws.
 */
export async function performRequest(
  http: Pick<HttpClient, 'options' | 'send'>,
  request: HttpRequest,
  signal: AbortSignal,
  { send, clock = systemClock }: HopOptions = {},
): Promise<HttpResponse> {
  const { userAgent, maxRedirects, totalTimeoutMs } = http.options;
  const startMs = clock.monotonic();
  let hop = firstHop(request, userAgent);
  const trail = new RedirectTrail(maxRedirects);
  const cancellation = new Cancellation(hop.url, signal, request.totalTimeoutMs ?? totalTimeoutMs, request.hasFixedEnd);
  try {
    let queuedMs = 0;
    for (;;) {
      cancellation.headFor(hop.url);
      const answer = await (send === undefined ? http.send(hop, cancellation) : send(hop, trail.length, cancellation));
      queuedMs += answer.queuedMs;
      const location = redirectLocation(answer.status, answer.headers);
      if (location === undefined) {
        const { status, headers, body, partial, undecoded, firstByteMs } = answer;
        const url = withoutCredentials(hop.url);
        const timings = { queuedMs, firstByteMs, totalMs: clock.monotonic() - startMs };
        const response = { status, url, headers, body, partial, timings, redirects: trail.length };
        return undecoded === undefined ? response : { ...response, undecoded };
      }
      const next = redirected(hop, answer.status, location);
      trail.follow(hop.url, next.url);
      hop = next;
    }
  } finally {
    cancellation.end();
  }
}
