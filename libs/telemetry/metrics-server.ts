/** Serves metrics over HTTP, and a health check. */
import { hash, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CatenaError } from '../errors/catena-error.ts';
import type { Metrics } from './metrics.ts';

export interface MetricsServerOptions {
  /** The address to listen on, such as `http://127.0.0.1:9464`; port 0 chooses a free one. */
  readonly listen: string;
  readonly metrics: Pick<Metrics, 'expose'>;
  /** The bearer token of readers of metrics; without it everybody may read. The health check needs none. */
  readonly token?: string | undefined;
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

/** Serves `GET /metrics` in Prometheus' text format, and `GET /healthz`. Throws `telemetry.cannot_listen`. */
export async function startMetricsServer({ listen, metrics, token }: MetricsServerOptions): Promise<MetricsServer> {
  const { hostname, port } = new URL(listen);
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS }, (request, response) =>
    answer(request, response, { metrics, token }),
  );
  // The metrics server alone must not keep the process alive.
  server.unref();
  server.listen(port === '' ? DEFAULT_PORT : Number(port), hostname.replace(/^\[|\]$/g, ''));
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
  { metrics, token }: Pick<MetricsServerOptions, 'metrics' | 'token'>,
): void {
  const path = url.split('?')[0];
  if (method !== 'GET' && method !== 'HEAD') send(response, 405, 'only GET is supported\n');
  else if (path === '/metrics' && !isReader(headers.authorization, token)) {
    response.setHeader('www-authenticate', 'Bearer');
    send(response, 401, 'metrics need the token of metrics.token, as Authorization: Bearer …\n');
  } else if (path === '/metrics') send(response, 200, metrics.expose(), TEXT_FORMAT);
  else if (path === '/healthz') send(response, 200, 'ok\n');
  else send(response, 404, 'metrics are at /metrics\n');
}

function isReader(authorization: string | undefined, token: string | undefined): boolean {
  if (token === undefined) return true;
  const [given, wanted] = [authorization ?? '', `Bearer ${token}`].map((text) => hash('sha256', text, 'buffer'));
  return timingSafeEqual(given!, wanted!);
}

function send(response: ServerResponse, status: number, text: string, type = 'text/plain; charset=utf-8'): void {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(text) });
  response.end(text);
}
