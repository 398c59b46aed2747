import type { RequestPolicy } from './policy.ts';

/** Adds an idempotency key, the node's id, to a request that may change something; all attempts carry the same key. */
export const idempotencyKey: RequestPolicy = (context, next) => {
  const { request, work } = context;
  if (request.method === 'GET' || request.method === 'HEAD') return next(context);
  const headers = { 'idempotency-key': work.lease.node.id, ...request.headers };
  return next({ ...context, request: { ...request, headers } });
};
