/** Logs requests: an id, which their responses carry too, and one line. Never a body or a header. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Log } from '../../telemetry/log.ts';

export const REQUEST_ID_HEADER = 'x-request-id';

/** The caller's own id if it is safe to log, else a new one. */
export function requestId({ headers }: IncomingMessage): string {
  const given = headers[REQUEST_ID_HEADER];
  return typeof given === 'string' && /^[\w.:-]{1,100}$/.test(given) ? given : randomUUID();
}

/** A hook that logs each response: server failures as errors, frequent polls only at debug level. */
export function requestLog(log: Log) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const { statusCode, elapsedTime } = reply;
    const level = statusCode >= 500 ? 'error' : 'debug';
    log[level]('http request answered', {
      correlation_id: request.id,
      method: request.method,
      // The route, not the path, so that ids and user input are not logged.
      route: request.routeOptions.url ?? '',
      status: statusCode,
      duration_ms: Math.round(elapsedTime),
    });
  };
}
