/**
 * Limits of rate and concurrency, per hop. The request itself waited for its host before it was claimed; a redirect waits for
 * the host that it leads to under the lease of its node, which is renewed meanwhile, and within the time of the request.
 *
 * - It goes ahead of the requests that wait there unclaimed: they hold no lease, and no time of theirs runs out.
 * - The permit of the host that it comes from steps aside: others that have begun may have its room, requests that have not
 *   begun must wait for it. So a slow or strict target holds its source up, and the pages of one host do not gather under
 *   leases at another: they wait unclaimed.
 * - Nothing that a waiting hop holds stands in the way of another hop: neither its permit, nor its slot, which it lends to
 *   others, nor the permits of its run and step, which are asked for before any host's. Whoever holds a host's permit in
 *   earnest is on the wire or waits for a slot alone. So hops never wait for each other in a circle.
 * - A wait that is longer than what is left of the request's time is not begun: the node goes back as a retryable failure, with
 *   the time to come again. No circuit breaker and no threshold counts it.
 */
import { CatenaError } from '../../../libs/errors/catena-error.ts';
import type { Permit } from '../../../libs/limits/limiter.ts';
import { withoutCredentials } from '../http/download-error.ts';
import type { HopContext, HopPolicy, Next, Reply, RequestPolicy, SendingContext } from './policy.ts';

/** A request may bring limits of its own: a process that generated none of a key's requests learns of them here. */
export const ownLimits: RequestPolicy = (context, next) => {
  const { deps, limitKey, asked } = context;
  if (asked.limits !== undefined) deps.limiter.setLimits(limitKey, asked.limits);
  return next(context);
};

/** Waits for the host of a request that was not admitted: one by hand. Throws `limits.aborted`. */
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
      remedy: 'request the page that it leads to, which may wait for any time, or raise http.total_timeout_ms',
    },
  );
}
