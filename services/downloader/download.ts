/** One download: the policies that a request passes, in this order, and those that each of its hops passes. */

import type { RequestBody } from '../../libs/calls/node-body.ts';
import type { ResponseModel } from '../../libs/contracts/messages.ts';
import type { DownloadWork } from '../../libs/stage/execution/hand-over.ts';
import { PARTIAL_HEADER, UNDECODED_HEADER } from '../../libs/stage/messages/response-headers.ts';
import { withoutPayer } from '../../libs/stage/node/cost-attempt.ts';
import { moduleOf } from '../../libs/stage/run/runs.ts';
import { destinationOf } from '../../libs/telemetry/span-names.ts';
import type { DownloaderDeps } from './deps.ts';
import { type HttpRequest, type HttpResponse, performRequest } from './http/request.ts';
import { tracedSend } from './http/traced-send.ts';
import { breaker } from './policies/breaker.ts';
import { cache } from './policies/cache.ts';
import { cookies, sessionCookies } from './policies/cookies.ts';
import { cost } from './policies/cost.ts';
import { deadline } from './policies/deadline.ts';
import { HostPermit } from './policies/host-permit.ts';
import { idempotencyKey } from './policies/idempotency-key.ts';
import { keepBody } from './policies/keep-body.ts';
import { keepPartials } from './policies/keep-partials.ts';
import { limits, ownLimits } from './policies/limits.ts';
import { notBefore } from './policies/not-before.ts';
import { observe } from './policies/observe.ts';
import {
  compose,
  type HopPolicy,
  type Receipt,
  type Reply,
  type RequestPolicy,
  type SendingContext,
} from './policies/policy.ts';
import { privateTarget, privateTargets } from './policies/private-targets.ts';
import { retryAfter } from './policies/retry-after.ts';
import { robots, robotsOfRedirect } from './policies/robots.ts';
import { secrets } from './policies/secrets.ts';

/** Applied once per request, the first one outermost. */
export const REQUEST_POLICIES: readonly RequestPolicy[] = [
  // First, so that all later waits for the key use these limits.
  ownLimits,
  // Around everything: the cookies decide which cached response fits, and new cookies are stored however the rest ends.
  sessionCookies,
  // Around the cache: the body of a cached response is stored in the same way.
  keepBody,
  // Before all that costs time or money: a cached response needs no robots.txt, no breaker trial and no money.
  cache,
  // Before robots: not even the robots.txt of a forbidden address is asked for.
  privateTarget,
  // Before breaker and cost: a page that may not be fetched must use neither.
  robots,
  // Before the deadline, which counts from when the request may be sent; after the cache: a cached response waits for nothing.
  notBefore,
  // Before breaker and cost too, and both read the timeout that it sets.
  deadline,
  // Before breaker and cost: a missing secret must use neither. Within the cache: no cached response contains a secret.
  secrets,
  // Adds its header to those of the author.
  idempotencyKey,
  // Before cost: a refused request costs nothing. Around the hops: the last response counts.
  breaker,
  // The last policy that may refuse: a request that is paid for is sent.
  cost,
  // Within the cache: a cached response arrives at once.
  keepPartials,
  // Within all waits: it measures the download alone.
  observe,
  // Again, because the waits above have used some of the request's time.
  deadline,
];

/** Applied once per hop: to the request itself, then to each redirect. */
export const HOP_POLICIES: readonly HopPolicy[] = [
  // First: a forbidden address must not cause any request or wait.
  privateTargets,
  // Before the limits: its Crawl-delay already holds for this hop. The request itself was checked above.
  robotsOfRedirect,
  // Redirects only: the request itself got its permit at its admission, before the claim.
  limits,
  // Within the permit: the next request for the host must wait as long as the server asked.
  retryAfter,
  // Last: sends the cookies that the session has after all waits.
  cookies,
];

const passHop = compose(HOP_POLICIES, ({ sending, hop, redirects, cancellation }) =>
  tracedSend({ ...sending.tracedAs, redirects }, hop, () => sending.deps.http.send(hop, cancellation, sending.hold)),
);

const perform = compose(REQUEST_POLICIES, sendOverHops);

/** A response whose body is in memory or in the blob store. */
export interface Downloaded {
  readonly status: number;
  readonly url: string;
  readonly headers: HttpResponse['headers'];
  readonly timings: NonNullable<ResponseModel['timings']>;
  readonly content: ResponseModel['content'];
  /** Whether it is the cached response of an equal request. */
  readonly fromCache: boolean;
}

/** Performs one request with all its policies. Throws their errors, and CatenaErrors `download.…`. */
export async function download(
  deps: DownloaderDeps,
  work: DownloadWork,
  asked: RequestBody,
  receipt: Receipt,
): Promise<Downloaded> {
  const { node, signal } = work.lease;
  const permit = new HostPermit(work.permit);
  const hold = deps.bodyMemory.open();
  try {
    const reply = await perform({
      ...{ deps, work, asked, receipt, permit, hold, signal },
      request: asHttp(asked),
      limitKey: node.limitKey ?? '',
      obeysRobots: deps.config.obeyRobots && asked.robots !== 'ignore',
      jar: undefined,
      tracedAs: tracedAs(work),
    });
    return asDownloaded(reply);
  } finally {
    permit.release();
    hold.release();
  }
}

function tracedAs({ run, lease: { node } }: DownloadWork): SendingContext['tracedAs'] {
  const step = moduleOf(run, node.moduleId).definition.steps[node.stepIdx]?.name;
  return { destination: destinationOf(node.moduleId, step), attempt: node.attempts };
}

/** Sends a request and follows its redirects. */
export async function sendOverHops(sending: SendingContext): Promise<Reply> {
  const { deps, request, jar, signal } = sending;
  const wasAnonymous = jar?.isEmpty ?? true;
  let ownHost: string | undefined;
  const response = await performRequest(deps.http, request, signal, {
    send: (hop, redirects, cancellation) => {
      const { host } = hop.url;
      ownHost ??= host;
      return passHop({ sending, hop, redirects, cancellation, limitKey: host === ownHost ? sending.limitKey : host });
    },
    clock: deps.clock,
  });
  return { ...response, wasAnonymous, fromCache: false };
}

function asHttp({ method, url, headers, body, partial, resendBody, untrusted }: RequestBody): HttpRequest {
  const bytes = body === undefined ? {} : { body: Buffer.from(body, 'base64') };
  return {
    ...{ method, url, headers, ...bytes },
    keepsPartial: partial === true,
    resendsBody: resendBody === true,
    isUntrusted: untrusted === true,
  };
}

/** Removes the headers that Catena uses itself, so that no server can send them to the parser. */
function asDownloaded({ status, url, headers, timings, body, blob, partial, undecoded, fromCache }: Reply): Downloaded {
  const marks: [string, string][] = [];
  if (partial) marks.push([PARTIAL_HEADER, 'true']);
  if (undecoded !== undefined) marks.push([UNDECODED_HEADER, undecoded]);
  const honest = withoutPayer(headers).filter(([name]) => name !== PARTIAL_HEADER && name !== UNDECODED_HEADER);
  return {
    ...{ status, url, timings, fromCache },
    headers: [...honest, ...marks],
    content:
      blob === undefined
        ? { $case: 'body', value: Buffer.from(body.buffer, body.byteOffset, body.byteLength) }
        : { $case: 'blob', value: { key: blob.key, sizeBytes: blob.sizeBytes } },
  };
}
