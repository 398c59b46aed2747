/**
 * An HTTP server for front ends: routes are plugins, on the app of `http-app.ts`.
 *
 * To stop, it tells waiting requests (long polls) to answer at once, accepts no more, and closes when all are answered. Requests
 * that are still open after the drain time are aborted.
 */
import { forcedAfter } from '../../concurrency/within.ts';
import { hostAndPort, isLoopback } from '../../config/listen-address.ts';
import { CatenaError } from '../../errors/catena-error.ts';
import { createHttpApp, type HttpAppOptions } from './http-app.ts';

/** Without tokens the server listens on loopback only. */
export interface HttpServerOptions extends HttpAppOptions {
  /** `host:port`; port 0 chooses a free one. */
  readonly listen: string;
  /** Whether it may listen beyond loopback without tokens; default false. */
  readonly allowUnprotected?: boolean;
  /** How long open requests may take to finish during a stop. */
  readonly drainMs: number;
}

export interface HttpServer {
  readonly port: number;
  /** `http://127.0.0.1:8080`. */
  readonly url: string;
  /** Drains and stops; resolves when no request is open. Idempotent. */
  stop(): Promise<void>;
}

/** Rejects with `http.unprotected` (fatal) without tokens beyond loopback, and `http.cannot_listen` (fatal). */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { listen, tokens = [], allowUnprotected = false, log, drainMs } = options;
  if (tokens.length === 0 && !allowUnprotected && !isLoopback(listen)) throw unprotected(listen);
  const drain = new AbortController();
  const app = await createHttpApp(options, drain.signal);
  const { host = '', port = 0 } = hostAndPort(listen) ?? {};
  const url = await app.listen({ host, port }).catch(async (cause: unknown) => {
    await app.close();
    throw cannotListen(listen, cause);
  });
  const taken = Number(new URL(url).port || 80);
  log.info('http server listens', { address: listen, port: taken });
  let stopping: Promise<void> | undefined;
  return { port: taken, url, stop: () => (stopping ??= stop()) };

  async function stop(): Promise<void> {
    drain.abort(draining(url));
    await forcedAfter(app.close(), drainMs, () => {
      log.warn('http server aborts open requests after the drain time', { drain_ms: drainMs });
      app.server.closeAllConnections();
    });
    log.info('http server stopped', { port: taken });
  }
}

function draining(url: string): CatenaError {
  return new CatenaError('api.draining', `the server at ${url} is stopping and accepts no more requests`, {
    class: 'retryable',
    remedy: 'try again: another server answers, or this one after its restart',
  });
}

function unprotected(listen: string): CatenaError {
  return new CatenaError('http.unprotected', `${listen} can be reached by other machines, but callers need no token`, {
    remedy: 'set grpc.tokens, or listen on 127.0.0.1',
  });
}

function cannotListen(listen: string, cause: unknown): CatenaError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new CatenaError('http.cannot_listen', `the HTTP API cannot listen on ${listen}: ${reason}`, {
    cause,
    remedy: 'set api.listen to a free address of this machine',
  });
}
