import type { RequestPolicy } from './policy.ts';

const EMPTY = Buffer.alloc(0);

/** Stores a body above the threshold, and passes a reference instead: the body is in memory no more. */
export const keepBody: RequestPolicy = async (context, next) => {
  const reply = await next(context);
  const { blobs, config } = context.deps;
  // Exact from here on: the encoded body is gone. A cached response is counted here for the first time.
  context.hold.shrink(reply.body.byteLength);
  context.hold.take(reply.body.byteLength);
  if (reply.body.byteLength <= config.blobThresholdBytes) return reply;
  const { runId, id } = context.work.lease.node;
  const blob = await blobs.put(runId, id, reply.body);
  context.hold.shrink(0);
  return { ...reply, body: EMPTY, blob };
};
