import type { RequestPolicy } from './policy.ts';

const EMPTY = Buffer.alloc(0);

/** Stores a body above the threshold, and passes a reference instead. */
export const keepBody: RequestPolicy = async (context, next) => {
  const reply = await next(context);
  const { blobs, config } = context.deps;
  if (reply.body.byteLength <= config.blobThresholdBytes) return reply;
  const { runId, id } = context.work.lease.node;
  return { ...reply, body: EMPTY, blob: await blobs.put(runId, id, reply.body) };
};
