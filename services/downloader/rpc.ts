/** The gRPC service of the downloader: manual requests, rate limits and circuit breakers. */
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
import type { BodyMemory } from '../../libs/limits/body-memory.ts';
import { type BreakerSnapshot, type BreakerState, type Breakers, breakerEvent } from '../../libs/limits/breakers.ts';
import type { KeySnapshot, Limiter } from '../../libs/limits/limiter.ts';
import { joinedHeadersInLowerCase } from '../../libs/stage/messages/response-headers.ts';
import type { BreakerGuard, SendingDeps } from './deps.ts';
import { sendOverHops } from './download.ts';
import { targetOf } from './http/hop.ts';
import { HostPermit } from './policies/host-permit.ts';
import { admission } from './policies/limits.ts';
import { compose, type Policy, type Reply, type SendingContext } from './policies/policy.ts';
import { privateTarget } from './policies/private-targets.ts';
import { robots } from './policies/robots.ts';

export interface DownloaderApiDeps extends Omit<SendingDeps, 'aside'> {
  readonly limiter: SendingDeps['limiter'] & Pick<Limiter, 'snapshot'>;
  readonly guard: Pick<BreakerGuard, 'breakers' | 'publish'>;
  readonly bodyMemory: BodyMemory;
}

/** The {@link REQUEST_POLICIES} of a manual request; the others need a run. Its hops pass the whole hop list. */
const FETCH_POLICIES: readonly Policy<SendingContext, Reply>[] = [privateTarget, robots, admission];

const perform = compose(FETCH_POLICIES, sendOverHops);

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
  const permit = new HostPermit();
  const hold = deps.bodyMemory.open();
  try {
    const { status, url, headers, body, timings, redirects } = await perform({
      deps,
      request: {
        method,
        url: request.url,
        headers: joinedHeadersInLowerCase(request.headers),
        ...(request.body.length === 0 ? {} : { body: request.body }),
        ...(request.timeoutMs === 0 ? {} : { totalTimeoutMs: request.timeoutMs }),
      },
      limitKey: request.limitKey === '' ? targetOf(request.url).host : request.limitKey,
      obeysRobots: true,
      jar: undefined,
      permit,
      hold,
      signal,
      tracedAs: { destination: 'manual' },
    });
    return {
      status,
      finalUrl: url,
      headers: headers.map(([name, value]) => ({ name, value })),
      body: Buffer.from(body),
      timings,
      redirects,
    };
  } finally {
    permit.release();
    hold.release();
  }
}

function urlFault(url: string): FieldIssue | undefined {
  const protocol = URL.parse(url)?.protocol;
  if (protocol === 'http:' || protocol === 'https:') return undefined;
  return { path: 'url', message: 'must be an absolute URL that begins with http:// or https://' };
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

/** The event of a manual reset names only the key, because it belongs to no run. */
const BY_HAND = { runId: '', moduleId: '', nodeId: '' };

async function reset({ breakers, publish }: DownloaderApiDeps['guard'], key: string): Promise<boolean> {
  requireNone([textFault('key', key)]);
  const transition = await breakers.reset(key);
  if (transition === undefined) return false;
  await publish?.(breakerEvent(transition, BY_HAND));
  return true;
}
