import type { preSerializationAsyncHookHandler } from 'fastify';
import type { ConsistencyMonitor } from './monitor.ts';

const FIRST_ERROR = 400;

/**
 * A `preSerialization` hook for routes that answer with a status: what they send is checked, and sent repaired. Answers that
 * say that something went wrong hold no status and pass.
 */
export function consistencyHook(monitor: Pick<ConsistencyMonitor, 'check'>): preSerializationAsyncHookHandler {
  return async (_request, reply, payload) => (reply.statusCode >= FIRST_ERROR ? payload : monitor.check(payload).body);
}
