import { quotaWaitMs } from '../../../libs/limits/rate-limit-headers.ts';
import { retryAfterMs } from '../../../libs/limits/retry-after.ts';
import type { HopPolicy } from './policy.ts';

/**
 * Blocks the hop's limit key for as long as its server asks: by Retry-After, whatever the status, or because nothing is left of the quota
 * that it tells of. A quota that is used up is respected before the first request is refused.
 */
export const retryAfter: HopPolicy = async (context, next) => {
  const answer = await next(context);
  const { limiter, clock } = context.sending.deps;
  const nowMs = clock.now();
  const waitMs = Math.max(retryAfterMs(answer.headers, nowMs) ?? 0, quotaWaitMs(answer.headers, nowMs) ?? 0);
  if (waitMs > 0) limiter.delay(context.limitKey, nowMs + waitMs);
  return answer;
};
