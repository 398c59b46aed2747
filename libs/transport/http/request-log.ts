/** What is kept of requests: an id, which their answers carry too, and a line of the log. Never a body or a header. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Log } from '../../telemetry/log.ts';

export const REQUEST_ID_HEADER = 'x-request-id';

/** The caller's own id if it is fit to stand in a log, else a new one. */
export function requestId({ headers }: IncomingMessage): string {
  const given = headers[REQUEST_ID_HEADER];
  return typeof given === 'string' && /^[\w.:-]{1,100}$/.test(given) ? given : randomUUID();
}

/** A hook that logs what was answered: failures of the server as errors, the daily polls only where one debugs. */
export function requestLog(log: Log) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const { statusCode, elapsedTime } = reply;
    const level = statusCode >= 500 ? 'error' : 'debug';
    log[level]('answered a request', {
      correlation_id: request.id,
      method: request.method,
      // The route, not the path: ids and what users typed stay out.
      route: request.routeOptions.url ?? '',
      status: statusCode,
      duration_ms: Math.round(elapsedTime),
    });
  };
}
