import type { HopPolicy } from './policy.ts';

/**
 * Refuses a hop to an address that must not be reached, before anything is asked or awaited on its account. What a name leads
 * to is known when it is looked up: there the client refuses it. Throws `download.private_target`.
 */
export const privateTargets: HopPolicy = async (context, next) => {
  context.sending.deps.http.checkTarget(context.hop.url);
  return next(context);
};
