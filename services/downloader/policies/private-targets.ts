/**
 * Refuses a forbidden address before it causes any request or wait. The client refuses a name that resolves to such an address when it
 * looks the name up. Both throw `download.private_target`, and `download.forbidden_port` for a URL from content.
 */
import { targetOf } from '../http/hop.ts';
import type { HopPolicy, Next, Reply, SendingContext } from './policy.ts';

/** Checks the request itself. */
export async function privateTarget<Context extends SendingContext>(
  context: Context,
  next: Next<Context, Reply>,
): Promise<Reply> {
  const { url, isUntrusted = false } = context.request;
  context.deps.http.checkTarget({ url: targetOf(url), isUntrusted });
  return next(context);
}

/** Checks each hop. */
export const privateTargets: HopPolicy = async (context, next) => {
  context.sending.deps.http.checkTarget(context.hop);
  return next(context);
};
