import type { RequestPolicy } from './policy.ts';

/** Reports to the observer how long a request took, including redirects and their waits. */
export const observe: RequestPolicy = async (context, next) => {
  const { onDownload, clock } = context.deps;
  if (onDownload === undefined) return next(context);
  const { host } = new URL(context.request.url);
  const sentAtMs = clock.monotonic();
  try {
    const reply = await next(context);
    onDownload(host, clock.monotonic() - sentAtMs, String(reply.status));
    return reply;
  } catch (thrown) {
    onDownload(host, clock.monotonic() - sentAtMs, 'failed');
    throw thrown;
  }
};
