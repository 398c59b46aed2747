/**
 * Limits of rate and concurrency, per hop. The request itself waited for its host before it was claimed. A redirect waits for its
 * host under the lease of its node, which is renewed meanwhile, and within the request's timeout.
 *
 * - A redirect goes ahead of unclaimed requests that wait for the host: they hold no lease, and their timeouts do not run.
 * - Its permit of the previous host steps aside: requests that have begun may use its room, requests that have not begun must
 *   wait. So a slow or strict target slows its source down, and the pages of one host wait unclaimed instead of gathering under
 *   leases at another.
 * - A waiting hop blocks no other hop: its permit has stepped aside, its slot is lent to others, and the permits of its run and
 *   step are acquired before any host's. A hop that really holds a host's permit is being sent or waits only for a slot. So hops
 *   never wait for each other in a circle.
 * - A wait longer than the request's remaining time is not begun: the node fails with a retryable error and a time to retry. No
 *   circuit breaker and no threshold counts it.
 */
import { CatenaError } from '../../../libs/errors/catena-error.ts';
import type { Permit } from '../../../libs/limits/limiter.ts';
import { withoutCredentials } from '../http/download-error.ts';
import type { HopContext, HopPolicy, Next, Reply, RequestPolicy, SendingContext } from './policy.ts';

/** Applies the limits that a request carries, for processes that generated no request of this key. */
export const ownLimits: RequestPolicy = (context, next) => {
  const { deps, limitKey, asked } = context;
  if (asked.limits !== undefined) deps.limiter.setLimits(limitKey, asked.limits);
  return next(context);
};

/** Waits for the host of a manual request, which has had no admission. Throws `limits.aborted`. */
export async function admission(context: SendingContext, next: Next<SendingContext, Reply>): Promise<Reply> {
  const { deps, limitKey, permit, signal } = context;
  permit.exchange(await deps.limiter.acquire(limitKey, signal));
  return next(context);
}

/** Waits for the host of a redirect. Throws `limits.wait_too_long` (retryable), `limits.aborted`. */
export const limits: HopPolicy = async (context, next) => {
  const { redirects, sending, limitKey } = context;
  if (redirects > 0) {
    sending.permit.stepAside();
    const atOnce = sending.deps.limiter.tryAcquire(limitKey, 'ahead');
    sending.permit.exchange(atOnce ?? (await turnOf(context)));
  }
  return next(context);
};

async function turnOf(context: HopContext): Promise<Permit> {
  const { sending, limitKey, cancellation } = context;
  const { limiter, aside = stay } = sending.deps;
  if (limiter.waitAheadMs(limitKey) > cancellation.leftMs) throw tooLong(context);
  try {
    return await aside(() => limiter.acquire(limitKey, cancellation.signal, 'ahead'));
  } catch (thrown) {
    throw cancellation.timedOut ? tooLong(context) : thrown;
  }
}

function stay<T>(wait: () => Promise<T>): Promise<T> {
  return wait();
}

function tooLong({ sending, hop, limitKey, cancellation }: HopContext): CatenaError {
  const url = withoutCredentials(hop.url);
  return new CatenaError(
    'limits.wait_too_long',
    `the redirect to ${url} would wait too long for the limits of its host`,
    {
      class: 'retryable',
      retryAfterMs: Math.ceil(sending.deps.limiter.postpone(limitKey)),
      data: { url, key: limitKey, leftMs: Math.floor(cancellation.leftMs) },
      remedy: 'request the target page directly, which may wait for any time, or raise http.total_timeout_ms',
    },
  );
}
