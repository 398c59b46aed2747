import type { HopPolicy } from './policy.ts';

/**
 * Refuses a hop to a forbidden address before it causes any request or wait. The client refuses a name that resolves to such an
 * address when it looks the name up. Throws `download.private_target`.
 */
export const privateTargets: HopPolicy = async (context, next) => {
  context.sending.deps.http.checkTarget(context.hop.url);
  return next(context);
};
