/** One download: what a request passes on its way, in this order, and what every hop of it passes. */
import type { ResponseModel } from '../../libs/contracts/messages.ts';
import type { DownloadWork } from '../../libs/stage/execution/hand-over.ts';
import { PARTIAL_HEADER } from '../../libs/stage/messages/response-headers.ts';
import { withoutPayer } from '../../libs/stage/node/cost-attempt.ts';
import type { RequestBody } from '../../libs/stage/node/node-body.ts';
import type { DownloaderDeps } from './deps.ts';
import { type HttpRequest, type HttpResponse, performRequest } from './http/request.ts';
import { breaker } from './policies/breaker.ts';
import { cache } from './policies/cache.ts';
import { cookieHeader, cookies, sessionCookies } from './policies/cookies.ts';
import { cost } from './policies/cost.ts';
import { deadline } from './policies/deadline.ts';
import { HostPermit } from './policies/host-permit.ts';
import { idempotencyKey } from './policies/idempotency-key.ts';
import { keepBody } from './policies/keep-body.ts';
import { limits, ownLimits } from './policies/limits.ts';
import { observe } from './policies/observe.ts';
import {
  compose,
  type HopPolicy,
  type Receipt,
  type Reply,
  type RequestPolicy,
  type SendingContext,
} from './policies/policy.ts';
import { privateTargets } from './policies/private-targets.ts';
import { retryAfter } from './policies/retry-after.ts';
import { robots, robotsOfRedirect } from './policies/robots.ts';
import { secrets } from './policies/secrets.ts';

/** Once per request, the first one outermost. */
export const REQUEST_POLICIES: readonly RequestPolicy[] = [
  // First, so that whatever waits for the key from now on keeps to them.
  ownLimits,
  // Around everything: which answer may be given depends on the cookies, and those that came are told however the rest ended.
  sessionCookies,
  // Around the cache: the body of a kept answer goes on the same way.
  keepBody,
  // Before whatever asks or costs something: an answer that is there needs no robots.txt, no trial, no money.
  cache,
  // Before trial and money: a page that may not be fetched is worth neither.
  robots,
  // Before trial and money likewise, and they learn how long the request may take.
  deadline,
  // Before trial and money: a secret that is missing costs neither. Within the cache: no secret is kept with an answer.
  secrets,
  // Beside the headers that its author wrote.
  idempotencyKey,
  // Before the money: a refused request costs nothing. Around the hops: their last answer is the one that counts.
  breaker,
  // Last of those that may refuse: whoever is paid for is sent.
  cost,
  // Within all waits: it is the download that is measured.
  observe,
  // Again: what those waits have left of its time.
  deadline,
];

/** Once per hop: for the request itself, then for each redirect. */
export const HOP_POLICIES: readonly HopPolicy[] = [
  // First: nothing is asked or awaited on account of an address that must not be reached.
  privateTargets,
  // Before the limits: the Crawl-delay that it names paces this hop already. The request itself has asked above.
  robotsOfRedirect,
  // The request itself has its permit from its admission, before the claim.
  limits,
  // Within the permit: whoever has it next waits as long as the server asked for.
  retryAfter,
  // Last: what the session holds when the hop is sent, after all waits.
  cookies,
];

const passHop = compose(HOP_POLICIES, ({ sending, hop, cancellation }) => sending.deps.http.send(hop, cancellation));

const perform = compose(REQUEST_POLICIES, sendOverHops);

/** A response whose body is where it is to be kept. */
export interface Downloaded {
  readonly status: number;
  readonly url: string;
  readonly headers: HttpResponse['headers'];
  readonly timings: NonNullable<ResponseModel['timings']>;
  readonly content: ResponseModel['content'];
  /** Whether it is the answer that another, equal request was given before. */
  readonly fromCache: boolean;
}

/** Performs one request, politely. Throws what its policies throw, and CatenaErrors `download.…`. */
export async function download(
  deps: DownloaderDeps,
  work: DownloadWork,
  asked: RequestBody,
  receipt: Receipt,
): Promise<Downloaded> {
  const { node, signal } = work.lease;
  const permit = new HostPermit(work.permit);
  try {
    const reply = await perform({
      ...{ deps, work, asked, receipt, permit, signal },
      request: asHttp(asked),
      limitKey: node.limitKey ?? '',
      obeysRobots: deps.config.obeyRobots && asked.robots !== 'ignore',
      jar: undefined,
    });
    return asDownloaded(reply);
  } finally {
    permit.release();
  }
}

/** Sends a request over all its hops. */
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
    cookieOf: (hop) => cookieHeader(hop, jar),
    clock: deps.clock,
  });
  return { ...response, wasAnonymous, fromCache: false };
}

function asHttp({ method, url, headers, body, partial }: RequestBody): HttpRequest {
  const bytes = body === undefined ? {} : { body: Buffer.from(body, 'base64') };
  return { method, url, headers, ...bytes, keepsPartial: partial === true };
}

/** Some headers are ours: no server sends them to the parser. */
function asDownloaded({ status, url, headers, timings, body, blob, partial, fromCache }: Reply): Downloaded {
  const honest = withoutPayer(headers).filter(([name]) => name !== PARTIAL_HEADER);
  return {
    ...{ status, url, timings, fromCache },
    headers: partial ? [...honest, [PARTIAL_HEADER, 'true']] : honest,
    content:
      blob === undefined
        ? { $case: 'body', value: Buffer.from(body.buffer, body.byteOffset, body.byteLength) }
        : { $case: 'blob', value: { key: blob.key, sizeBytes: blob.sizeBytes } },
  };
}
