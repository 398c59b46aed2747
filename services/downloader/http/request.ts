/** A request as a whole: its first hop, every redirect, and what came in the end. */
import { type Clock, systemClock } from '../../../libs/clock/clock.ts';
import { Cancellation } from './cancellation.ts';
import { withoutCredentials } from './download-error.ts';
import type { Answer } from './exchange.ts';
import { type AskedRequest, firstHop, type Hop } from './hop.ts';
import type { HttpClient } from './http-client.ts';
import { RedirectTrail, redirected } from './redirect.ts';

export interface HttpRequest extends AskedRequest {
  /** Of the whole request, redirects and body included. Default: the client's. */
  readonly totalTimeoutMs?: number;
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

/** What is done with the hops of a request, where they are more than sent. */
export interface HopOptions {
  /** In the place of the client's `send`: for a hop that so many redirects came before. */
  readonly send?: (hop: Hop, redirects: number, cancellation: Cancellation) => Promise<Answer>;
  /** The Cookie header that a hop would be sent with now; default: its own. */
  readonly cookieOf?: (hop: Hop) => string;
  readonly clock?: Clock;
}

/**
 * Performs one request, redirects followed. Any status is a response; what is none throws a CatenaError `download.…`, and
 * whatever the sending of a hop throws.
 */
export async function performRequest(
  http: Pick<HttpClient, 'options' | 'send'>,
  request: HttpRequest,
  signal: AbortSignal,
  { send, cookieOf = ownCookie, clock = systemClock }: HopOptions = {},
): Promise<HttpResponse> {
  const { userAgent, maxRedirects, totalTimeoutMs } = http.options;
  const startMs = clock.monotonic();
  let hop = firstHop(request, userAgent);
  const trail = new RedirectTrail(maxRedirects);
  const cancellation = new Cancellation(hop.url, signal, request.totalTimeoutMs ?? totalTimeoutMs);
  try {
    let queuedMs = 0;
    for (;;) {
      cancellation.headFor(hop.url);
      const answer = await (send === undefined ? http.send(hop, cancellation) : send(hop, trail.length, cancellation));
      queuedMs += answer.queuedMs;
      const next = redirected(hop, answer.status, locationOf(answer));
      if (next === undefined) {
        const { status, headers, body, partial, firstByteMs } = answer;
        const timings = { queuedMs, firstByteMs, totalMs: clock.monotonic() - startMs };
        return { status, url: withoutCredentials(hop.url), headers, body, partial, timings, redirects: trail.length };
      }
      trail.follow({ hop, cookie: answer.cookie }, { hop: next, cookie: cookieOf(next) });
      hop = next;
    }
  } finally {
    cancellation.end();
  }
}

function ownCookie(hop: Hop): string {
  return hop.headers.get('cookie') ?? '';
}

function locationOf({ headers }: Answer): string | undefined {
  for (const header of headers) if (header[0] === 'location') return header[1];
  return undefined;
}
