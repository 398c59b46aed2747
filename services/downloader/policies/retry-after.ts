import type { Clock } from '../../../libs/clock/clock.ts';
import type { Limiter } from '../../../libs/limits/limiter.ts';
import { retryAfterMs } from '../../../libs/limits/retry-after.ts';
import type { HttpResponse } from '../http/http-client.ts';

const TOO_MANY_REQUESTS = 429;
const UNAVAILABLE = 503;

/** Holds up whatever shares the limit for as long as a server that is busy asks for. */
export function obeyRetryAfter(
  { limiter, clock }: { readonly limiter: Pick<Limiter, 'delay'>; readonly clock: Clock },
  limitKey: string,
  { status, headers }: Pick<HttpResponse, 'status' | 'headers'>,
): void {
  if (status !== TOO_MANY_REQUESTS && status !== UNAVAILABLE) return;
  const waitMs = retryAfterMs(headers, clock.now());
  if (waitMs !== undefined) limiter.delay(limitKey, clock.now() + waitMs);
}
