/** Checks tokens and roles, those of the gRPC server, for HTTP routes. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CatenaError } from '../../errors/catena-error.ts';
import { mayCall, type NeededRole } from '../grpc/roles.ts';
import { type Authenticate, bearerToken } from '../grpc/tokens.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The role that a route requires; every route names one. */
    readonly role?: NeededRole;
  }
}

/** Throws for a route without a role: it would refuse every caller, or worse, accept every caller. */
export function requireRole(url: string, role: NeededRole | undefined): void {
  if (role !== undefined) return;
  throw new CatenaError('http.route_without_role', `the route ${url} has no role`, {
    remedy: 'give it config: { role }',
  });
}

/** A hook that refuses callers without the role of a route. Undefined: every caller may do everything. */
export function authorization(authenticate: Authenticate | undefined) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const needed = request.routeOptions.config.role;
    if (request.is404 || authenticate === undefined || needed === 'open') return;
    const token = bearerToken(request.headers.authorization);
    const role = token === undefined ? undefined : authenticate(token);
    const asked = `${request.method} ${request.routeOptions.url ?? ''}`;
    if (role === undefined) {
      reply.header('www-authenticate', 'Bearer');
      const how = token === undefined ? 'without a token' : 'with an unknown token';
      throw new CatenaError('api.unauthenticated', `${asked} was called ${how}`, {
        remedy: 'send `authorization: Bearer <token>` with a token of grpc.tokens',
      });
    }
    if (mayCall(role, needed)) return;
    throw new CatenaError('api.permission_denied', `the role ${role} may not call ${asked}`, {
      data: { role, needed: needed ?? 'none' },
      remedy: `use a token with the role ${needed}`,
    });
  };
}
