import type { preSerializationAsyncHookHandler } from 'fastify';
import type { ConsistencyMonitor } from './monitor.ts';

const FIRST_ERROR = 400;

/**
 * A `preSerialization` hook for routes that return a status: it checks responses, and sends them repaired. Error responses have
 * no status and are sent unchanged.
 */
export function consistencyHook(monitor: Pick<ConsistencyMonitor, 'check'>): preSerializationAsyncHookHandler {
  return async (_request, reply, payload) => (reply.statusCode >= FIRST_ERROR ? payload : monitor.check(payload).body);
}
