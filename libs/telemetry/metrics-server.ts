/** Serves metrics and the health of the process over HTTP. */
import { hash, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { foreignCaller } from '../callers/local-caller.ts';
import { isLoopbackHost } from '../config/listen-address.ts';
import { CatenaError } from '../errors/catena-error.ts';
import type { Health } from './health.ts';
import type { Metrics } from './metrics.ts';

export interface MetricsServerOptions {
  /** The address to listen on, such as `http://127.0.0.1:9464`; port 0 chooses a free one. */
  readonly listen: string;
  readonly metrics: Pick<Metrics, 'expose'>;
  /** The bearer token of readers of metrics; without it everybody may read. Health needs none. */
  readonly token?: string | undefined;
  /** Hosts by which a server on loopback may be called besides those of loopback; default none. */
  readonly allowedHosts?: readonly string[];
  /** Default: ready as long as it answers. */
  readonly health?: Pick<Health, 'report'> | undefined;
}

export interface MetricsServer {
  /** The address it listens on, with its port. */
  readonly url: string;
  /** Idempotent. */
  close(): Promise<void>;
}

const TEXT_FORMAT = 'text/plain; version=0.0.4; charset=utf-8';
/** The timeout for receiving a request. */
const REQUEST_TIMEOUT_MS = 5_000;
const DEFAULT_PORT = 80;

/**
 * Serves `GET /metrics` in Prometheus' text format, `GET /livez` (and `/healthz`, its earlier name), and `GET /readyz`, which
 * answers 503 with the reasons while the process cannot do its work. Throws `telemetry.cannot_listen`.
 */
export async function startMetricsServer(options: MetricsServerOptions): Promise<MetricsServer> {
  const { listen, allowedHosts = [] } = options;
  const { hostname, port } = new URL(listen);
  const bare = hostname.replace(/^\[|\]$/g, '');
  // Beyond loopback it may have any name, and pages reach it only if it is meant to be reached.
  const callers = isLoopbackHost(bare) ? { allowedHosts, allowedOrigins: [] } : undefined;
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS }, (request, response) => {
    const refused = callers === undefined ? undefined : foreignCaller(request, callers);
    if (refused === undefined) answer(request, response, options);
    else send(response, 403, `${refused.message}; ${refused.remedy}\n`);
  });
  // The metrics server alone must not keep the process alive.
  server.unref();
  server.listen(port === '' ? DEFAULT_PORT : Number(port), bare);
  try {
    await once(server, 'listening');
  } catch (thrown) {
    throw new CatenaError(
      'telemetry.cannot_listen',
      `metrics cannot be served at ${listen}: ${(thrown as Error).message}`,
      {
        cause: thrown,
        remedy: 'set metrics.listen to a free port of this machine, or unset it',
      },
    );
  }
  let closed: Promise<void> | undefined;
  return {
    url: `http://${hostname}:${(server.address() as AddressInfo).port}`,
    close: () => {
      closed ??= new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
      return closed;
    },
  };
}

function answer(
  { method, url = '', headers }: IncomingMessage,
  response: ServerResponse,
  { metrics, token, health }: Pick<MetricsServerOptions, 'metrics' | 'token' | 'health'>,
): void {
  const path = url.split('?')[0];
  if (method !== 'GET' && method !== 'HEAD') send(response, 405, 'only GET is supported\n');
  else if (path === '/metrics' && !isReader(headers.authorization, token)) {
    response.setHeader('www-authenticate', 'Bearer');
    send(response, 401, 'metrics need the token of metrics.token, as Authorization: Bearer …\n');
  } else if (path === '/metrics') send(response, 200, metrics.expose(), TEXT_FORMAT);
  else if (path === '/livez' || path === '/healthz') send(response, 200, 'ok\n');
  else if (path === '/readyz') sendReadiness(response, health?.report().reasons ?? []);
  else send(response, 404, 'metrics are at /metrics\n');
}

function isReader(authorization: string | undefined, token: string | undefined): boolean {
  if (token === undefined) return true;
  const [given, wanted] = [authorization ?? '', `Bearer ${token}`].map((text) => hash('sha256', text, 'buffer'));
  return timingSafeEqual(given!, wanted!);
}

function sendReadiness(response: ServerResponse, reasons: readonly string[]): void {
  if (reasons.length === 0) send(response, 200, 'ok\n');
  else send(response, 503, reasons.map((reason) => `${reason}\n`).join(''));
}

function send(response: ServerResponse, status: number, text: string, type = 'text/plain; charset=utf-8'): void {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(text) });
  response.end(text);
}
