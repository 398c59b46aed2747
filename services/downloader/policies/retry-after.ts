import { retryAfterMs } from '../../../libs/limits/retry-after.ts';
import type { HopPolicy } from './policy.ts';

const TOO_MANY_REQUESTS = 429;
const UNAVAILABLE = 503;

/** Blocks the hop's limit key for as long as a busy server asks. */
export const retryAfter: HopPolicy = async (context, next) => {
  const answer = await next(context);
  const { status, headers } = answer;
  if (status !== TOO_MANY_REQUESTS && status !== UNAVAILABLE) return answer;
  const { limiter, clock } = context.sending.deps;
  const waitMs = retryAfterMs(headers, clock.now());
  if (waitMs !== undefined) limiter.delay(context.limitKey, clock.now() + waitMs);
  return answer;
};
