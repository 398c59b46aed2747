/** Which pages of other origins a browser lets read the answers (CORS). */
import type { FastifyReply, FastifyRequest } from 'fastify';

const METHODS = 'GET, HEAD, POST';
const ASKED_HEADERS = 'authorization, content-type, idempotency-key, x-request-id';
const TOLD_HEADERS = 'retry-after, x-request-id, x-ratelimit-limit, x-ratelimit-remaining, x-ratelimit-reset';
/** How long a browser may remember what it was told. */
const MAX_AGE_SECONDS = '600';

/**
 * A hook that names the origins of a list to browsers, and answers their questions beforehand. Who is not on the list is
 * told nothing, and then a browser keeps the answer from the page.
 */
export function crossOrigin(allowed: readonly string[]) {
  const origins = new Set(allowed);
  return async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    const { origin } = request.headers;
    if (origins.size === 0) return;
    // Caches must not give the answer for one origin to another.
    reply.header('vary', 'origin');
    if (origin === undefined || !(origins.has(origin) || origins.has('*'))) return;
    reply.header('access-control-allow-origin', origin);
    reply.header('access-control-expose-headers', TOLD_HEADERS);
    if (request.method !== 'OPTIONS' || request.headers['access-control-request-method'] === undefined) return;
    reply.header('access-control-allow-methods', METHODS);
    reply.header('access-control-allow-headers', ASKED_HEADERS);
    reply.header('access-control-max-age', MAX_AGE_SECONDS);
    return reply.code(204).send();
  };
}
