/** The downloader as people call it: a request by hand, and the limits and breakers that requests keep to. */
import type { Clock } from '../../libs/clock/clock.ts';
import {
  type FieldIssue,
  lengthFault,
  rangeFault,
  requireNone,
  textFault,
} from '../../libs/contracts/request-check.ts';
import {
  BreakerPosition,
  type BreakerStatus,
  type DownloaderServiceImplementation,
  type FetchRequest,
  type FetchResponse,
  type LimitState,
} from '../../libs/contracts/services.ts';
import { CatenaError } from '../../libs/errors/catena-error.ts';
import { type BreakerSnapshot, type BreakerState, type Breakers, breakerEvent } from '../../libs/limits/breakers.ts';
import type { KeySnapshot, Limiter } from '../../libs/limits/limiter.ts';
import { joinedHeadersInLowerCase } from '../../libs/stage/messages/response-headers.ts';
import type { BreakerGuard } from './breaker.ts';
import type { HttpClient } from './http-client.ts';
import { targetOf } from './request.ts';
import { obeyRetryAfter } from './retry-after.ts';
import type { RobotsRules } from './robots.ts';

export interface DownloaderApiDeps {
  readonly http: Pick<HttpClient, 'fetch'>;
  readonly limiter: Pick<Limiter, 'acquire' | 'delay' | 'setMinInterval' | 'snapshot'>;
  readonly guard: Pick<BreakerGuard, 'breakers' | 'publish'>;
  /** Undefined: robots.txt is not asked. */
  readonly robots: Pick<RobotsRules, 'check'> | undefined;
  readonly clock: Clock;
}

/** A day: longer than any download is worth waiting for. */
const MAX_TIMEOUT_MS = 86_400_000;
const METHOD = /^[!#$%&'*+.^_`|~\w-]{1,32}$/;

/** The implementation of the service. */
export function createDownloaderApi(deps: DownloaderApiDeps): DownloaderServiceImplementation {
  return {
    fetch: (request, { signal }) => fetch(deps, request, signal),
    getLimits: async ({ key }) => ({
      limits: limitsOf(deps.limiter.snapshot(), key),
      breakers: (await breakersOf(deps.guard.breakers, key)).map(statusOf),
    }),
    resetBreaker: async ({ key }) => ({ wasOpen: await reset(deps.guard, key) }),
  };
}

async function fetch(deps: DownloaderApiDeps, request: FetchRequest, signal: AbortSignal): Promise<FetchResponse> {
  const method = request.method === '' ? (request.body.length === 0 ? 'GET' : 'POST') : request.method;
  requireNone([
    textFault('url', request.url, 8_192) ?? urlFault(request.url),
    METHOD.test(method) ? undefined : { path: 'method', message: `is "${method}", which is no HTTP method` },
    rangeFault('timeout_ms', request.timeoutMs, 0, MAX_TIMEOUT_MS),
    lengthFault('limit_key', request.limitKey),
  ]);
  const target = targetOf(request.url);
  const limitKey = request.limitKey === '' ? target.host : request.limitKey;
  await askRobots(deps, target, limitKey, signal);
  const permit = await deps.limiter.acquire(limitKey, signal);
  try {
    const response = await deps.http.fetch(
      {
        method,
        url: request.url,
        headers: joinedHeadersInLowerCase(request.headers),
        ...(request.body.length === 0 ? {} : { body: request.body }),
        ...(request.timeoutMs === 0 ? {} : { totalTimeoutMs: request.timeoutMs }),
      },
      signal,
    );
    const { status, url: finalUrl, headers, body, timings, redirects } = response;
    obeyRetryAfter(deps, limitKey, response);
    return {
      status,
      finalUrl,
      headers: headers.map(([name, value]) => ({ name, value })),
      body: Buffer.from(body),
      timings,
      redirects,
    };
  } finally {
    permit.release();
  }
}

function urlFault(url: string): FieldIssue | undefined {
  const protocol = URL.parse(url)?.protocol;
  if (protocol === 'http:' || protocol === 'https:') return undefined;
  return { path: 'url', message: 'is no absolute URL that begins with http:// or https://' };
}

async function askRobots(
  { robots, limiter }: DownloaderApiDeps,
  target: URL,
  limitKey: string,
  signal: AbortSignal,
): Promise<void> {
  const rule = await robots?.check(target, signal);
  if (rule === undefined) return;
  if (!rule.allowed) {
    throw new CatenaError('robots.disallowed', `robots.txt of ${target.host} does not allow this page`, {
      data: { host: target.host },
      remedy: 'leave the page out, or set robots.enabled to false where you may',
    });
  }
  if (rule.crawlDelayMs !== undefined) limiter.setMinInterval(limitKey, rule.crawlDelayMs);
}

function limitsOf(snapshot: readonly KeySnapshot[], key: string): LimitState[] {
  return snapshot
    .filter((each) => key === '' || each.key === key)
    .map(({ nextAtMs = 0, ...limit }) => ({ ...limit, nextAtMs: Math.ceil(nextAtMs) }))
    .sort((one, other) => (one.key < other.key ? -1 : 1));
}

async function breakersOf(breakers: Breakers, key: string): Promise<BreakerSnapshot[]> {
  if (key === '') return breakers.list();
  return [await breakers.state(key)].filter(({ state }) => state !== 'closed');
}

const POSITIONS: Readonly<Record<BreakerState, BreakerPosition>> = {
  closed: BreakerPosition.CLOSED,
  open: BreakerPosition.OPEN,
  half_open: BreakerPosition.HALF_OPEN,
};

function statusOf({ key, state, trialAtMs = 0 }: BreakerSnapshot): BreakerStatus {
  return { key, position: POSITIONS[state], trialAtMs: Math.ceil(trialAtMs) };
}

/** Nobody's run is the occasion: whoever listens hears of the key alone. */
const BY_HAND = { runId: '', moduleId: '', nodeId: '' };

async function reset({ breakers, publish }: DownloaderApiDeps['guard'], key: string): Promise<boolean> {
  requireNone([textFault('key', key)]);
  const transition = await breakers.reset(key);
  if (transition === undefined) return false;
  await publish?.(breakerEvent(transition, BY_HAND));
  return true;
}
