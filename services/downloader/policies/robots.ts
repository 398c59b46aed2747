/** Checks robots.txt of each host of a request. A disallowed page is not requested; a Crawl-delay slows its host down. */
import { CatenaError } from '../../../libs/errors/catena-error.ts';
import { withoutCredentials } from '../http/download-error.ts';
import { targetOf } from '../http/hop.ts';
import type { HopPolicy, Next, Reply, SendingContext } from './policy.ts';

/** Checks the requested page. Throws `robots.disallowed` (fatal), and what {@link RobotsRules.check} throws. */
export async function robots<Context extends SendingContext>(
  context: Context,
  next: Next<Context, Reply>,
): Promise<Reply> {
  if (context.obeysRobots) await ask(context, targetOf(context.request.url), context.limitKey, context.signal);
  return next(context);
}

/** Checks the target of a redirect, as {@link robots}; the request's timeout keeps running. */
export const robotsOfRedirect: HopPolicy = async (context, next) => {
  const { sending, hop, redirects, limitKey, cancellation } = context;
  if (redirects === 0 || !sending.obeysRobots) return next(context);
  try {
    await ask(sending, hop.url, limitKey, cancellation.signal);
  } catch (thrown) {
    cancellation.throwIfCancelled();
    throw thrown;
  }
  return next(context);
};

async function ask({ deps, request }: SendingContext, url: URL, limitKey: string, signal: AbortSignal): Promise<void> {
  const rule = await deps.robots?.check(url, signal, request.isUntrusted);
  if (rule === undefined) return;
  if (!rule.allowed) {
    const shown = withoutCredentials(url);
    throw new CatenaError('robots.disallowed', `robots.txt does not allow ${shown}`, {
      data: { url: shown, host: url.host },
      remedy: 'leave the page out, or set robots.enabled to false if you are allowed to',
    });
  }
  if (rule.crawlDelayMs !== undefined) deps.limiter.setMinInterval(limitKey, rule.crawlDelayMs);
}
