import { downloadError } from '../http/download-error.ts';
import { type RequestPolicy, stepPolicyOf } from './policy.ts';

/**
 * Sets a request's timeout from its own or its step's timeout and deadline. Throws `download.deadline_exceeded` when no time is
 * left. Without either it keeps the client's timeout.
 */
export const deadline: RequestPolicy = async (context, next) => {
  const { deps, asked, request } = context;
  const ownMs = asked.timeoutMs ?? stepPolicyOf(context).timeoutMs;
  const { untilMs } = asked;
  if (untilMs === undefined) {
    return next(ownMs === undefined ? context : { ...context, request: { ...request, totalTimeoutMs: ownMs } });
  }
  const leftMs = untilMs - deps.clock.now();
  if (leftMs <= 0) throw downloadError('download.deadline_exceeded', { url: asked.url, data: { untilMs } });
  return next({
    ...context,
    request: { ...request, totalTimeoutMs: Math.min(leftMs, ownMs ?? leftMs), hasFixedEnd: true },
  });
};
