import type { RequestPolicy } from './policy.ts';

/** A redo of a request that changes something carries the same key, its node's id, for servers that honour one. */
export const idempotencyKey: RequestPolicy = (context, next) => {
  const { request, work } = context;
  if (request.method === 'GET' || request.method === 'HEAD') return next(context);
  const headers = { 'idempotency-key': work.lease.node.id, ...request.headers };
  return next({ ...context, request: { ...request, headers } });
};
