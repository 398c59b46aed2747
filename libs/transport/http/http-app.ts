/** The base of every HTTP route: errors, tokens, limits, request ids, logs, other origins, the OpenAPI document. */
import type { ServerOptions } from 'node:https';
import cors, { type FastifyCorsOptions } from '@fastify/cors';
import rateLimit from '@fastify/rate-limit';
import { type FastifyReply, type FastifyRequest, fastify } from 'fastify';
import { callerName, onBehalfOf } from '../../callers/current-caller.ts';
import { foreignCaller, type LocalCallers } from '../../callers/local-caller.ts';
import { CatenaError } from '../../errors/catena-error.ts';
import type { Log } from '../../telemetry/log.ts';
import type { TlsFiles } from '../grpc/tls-files.ts';
import { authenticator, bearerToken, type Token } from '../grpc/tokens.ts';
import { authorization, requireRole } from './authorization.ts';
import { answerNoRequest, errorAnswer, toApiError } from './error-answer.ts';
import { type ApiTitle, serveOpenApi } from './openapi.ts';
import { REQUEST_ID_HEADER, requestId, requestLog } from './request-log.ts';
import { traceRequests } from './request-spans.ts';
import { type HttpApp, jsonSerializer, type ZodTypeProvider, zodValidator } from './zod-routes.ts';

/** What routes receive besides the app. */
export interface HttpBase {
  /** Aborts when the server must stop: waiting routes answer at once, with the current state. */
  readonly drain: AbortSignal;
}

/** Registers routes; hooks that it adds apply only to its own routes. */
export type HttpRoutes = (app: HttpApp, base: HttpBase) => void | Promise<void>;

export interface HttpAppOptions {
  readonly info: ApiTitle;
  readonly routes: readonly HttpRoutes[];
  /** The tokens of callers. Without tokens every caller may do everything. */
  readonly tokens?: readonly Token[];
  /** Origins whose pages may read responses; default none. */
  readonly allowedOrigins?: readonly string[];
  /** Hosts by which it may be called besides those of loopback, while callers need no token; default none. */
  readonly allowedHosts?: readonly string[];
  /** Addresses and networks whose `x-forwarded-for` is trusted; default none. */
  readonly trustedProxies?: readonly string[];
  /** With an identity, responses are encrypted. */
  readonly tls?: TlsFiles | undefined;
  readonly maxBodyBytes: number;
  readonly log: Log;
}

/** The timeout for receiving a request. */
const REQUEST_TIMEOUT_MS = 30_000;
/** Longer than that of most proxies, which would otherwise send into a closing connection. */
const KEEP_ALIVE_MS = 75_000;

/** An app with the common hooks and the routes, not yet listening: tests inject requests into it. */
export async function createHttpApp(options: HttpAppOptions, drain: AbortSignal): Promise<HttpApp> {
  const { info, routes, tokens = [], trustedProxies = [], tls, maxBodyBytes, log } = options;
  const { allowedOrigins = [], allowedHosts = [] } = options;
  const refuse = (thrown: unknown, request: FastifyRequest, reply: FastifyReply) => {
    const { statusCode, body, retryAfterSeconds } = errorAnswer(toApiError(thrown, request.id, log));
    if (retryAfterSeconds !== undefined) reply.header('retry-after', retryAfterSeconds);
    return reply.code(statusCode).send(body);
  };
  const app: HttpApp = fastify({
    https: encryption(tls),
    bodyLimit: maxBodyBytes,
    genReqId: requestId,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    return503OnClosing: false,
    clientErrorHandler: answerNoRequest,
    // Addresses that are refused before routing.
    frameworkErrors: (error, request, reply) => void refuse(error, request, reply),
    trustProxy: trustedProxies.length === 0 ? false : [...trustedProxies],
    // Front ends write addresses in all these forms.
    routerOptions: { ignoreTrailingSlash: true, ignoreDuplicateSlashes: true },
  }).withTypeProvider<ZodTypeProvider>();
  app.setValidatorCompiler(zodValidator);
  app.setSerializerCompiler(jsonSerializer);
  app.setErrorHandler(refuse);
  app.addHook('onRoute', ({ url, config }) => {
    // The route for browsers' CORS preflight requests only.
    if (url !== '*') requireRole(url, config?.role);
  });
  traceRequests(app);
  app.addHook('onRequest', async (request, reply) => {
    reply.headers({
      [REQUEST_ID_HEADER]: request.id,
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
    if (drain.aborted) throw drain.reason;
  });
  // Tokens are a better proof: a foreign page does not know them.
  if (tokens.length === 0) app.addHook('onRequest', localCallers({ allowedHosts, allowedOrigins }));
  // Before tokens are checked: a browser sends none with a preflight request.
  if (allowedOrigins.length > 0) await app.register(cors, crossOrigin(allowedOrigins));
  app.addHook('onRequest', authorization(tokens.length === 0 ? undefined : authenticator(tokens)));
  const roleOf = tokens.length === 0 ? () => undefined : authenticator(tokens);
  app.addHook('onRequest', ({ headers, ip }, _reply, done) => {
    onBehalfOf(callerName(roleOf(bearerToken(headers.authorization) ?? ''), ip), done);
  });
  app.addHook('onSend', async (_request, reply) => {
    // The connection must not be used again.
    if (drain.aborted) reply.header('connection', 'close');
  });
  app.addHook('onResponse', requestLog(log));
  app.setNotFoundHandler((request) => {
    throw new CatenaError('api.not_found', `there is no route ${request.method} ${pathOf(request.url)}`, {
      remedy: 'GET /openapi.json lists the routes',
    });
  });
  await app.register(rateLimit, {
    global: false,
    errorResponseBuilder: (_request, { max, ttl }) => tooMany(max, ttl),
  });
  await serveOpenApi(app, info);
  for (const register of routes) await app.register(async (scope) => register(scope as HttpApp, { drain }));
  await app.ready();
  return app;
}

/** A hook that refuses requests of foreign pages on every route, also where there is none. */
function localCallers(callers: LocalCallers) {
  return async ({ raw }: FastifyRequest): Promise<void> => {
    const refused = foreignCaller(raw, callers);
    if (refused !== undefined) throw refused;
  };
}

/** CORS: the origins whose pages may read responses in a browser; other origins get no CORS headers. */
function crossOrigin(allowed: readonly string[]): FastifyCorsOptions {
  return {
    origin: allowed.includes('*') ? true : [...allowed],
    methods: ['GET', 'HEAD', 'POST'],
    allowedHeaders: ['authorization', 'content-type', 'idempotency-key', 'x-request-id'],
    exposedHeaders: [
      ...['retry-after', 'x-request-id'],
      ...['x-ratelimit-limit', 'x-ratelimit-remaining', 'x-ratelimit-reset'],
    ],
    maxAge: 600,
  };
}

function encryption(tls: TlsFiles | undefined): ServerOptions | null {
  if (tls?.identity === undefined) return null;
  const { ca, clientAuth } = tls;
  return {
    ...tls.identity,
    ...(ca === undefined ? {} : { ca }),
    ...{ requestCert: clientAuth, rejectUnauthorized: clientAuth },
  };
}

const MAX_TOLD_PATH = 200;

/** The path without its query, which may contain personal data. */
function pathOf(url: string): string {
  return url.replace(/\?.*$/s, '').slice(0, MAX_TOLD_PATH);
}

function tooMany(max: number, ttlMs: number): CatenaError {
  return new CatenaError(
    'api.too_many_requests',
    `too many requests: at most ${max} of these are accepted in a period`,
    {
      class: 'retryable',
      retryAfterMs: ttlMs,
      remedy: `try again in ${Math.ceil(ttlMs / 1_000)} s`,
    },
  );
}
