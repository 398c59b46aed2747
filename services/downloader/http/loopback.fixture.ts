import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createRawServer, type Server, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { createHttpClient, type HttpClient } from './http-client.ts';
import type { HttpClientOptions } from './http-options.ts';
import { type HttpRequest, type HttpResponse, performRequest } from './request.ts';

/** A request as a server of these tests saw it. */
export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export type Handler = (request: IncomingMessage, response: ServerResponse, body: string) => void;

/** Starts an HTTP server on a free loopback port until the test ends; returns its origin and the requests that it got. */
export async function startServer(handler: Handler): Promise<{ origin: string; port: number; seen: Seen[] }> {
  const seen: Seen[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    seen.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers, body });
    handler(request, response, body);
  });
  const port = await listen(server);
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { origin: `http://127.0.0.1:${port}`, port, seen };
}

/** A server with raw answers: it is called with the socket after the request's headers have arrived. */
export async function startRawServer(speak: (socket: Socket) => void): Promise<{ origin: string; port: number }> {
  const sockets = new Set<Socket>();
  const server = createRawServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    let received = '';
    socket.on('data', (data) => {
      received += data.toString('latin1');
      if (!received.includes('\r\n\r\n')) return;
      received = '';
      speak(socket);
    });
  });
  const port = await listen(server);
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { origin: `http://127.0.0.1:${port}`, port };
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** A client until the test ends. */
export function startClient(options: Partial<HttpClientOptions> = {}): HttpClient {
  const client = createHttpClient(options);
  onTestFinished(() => client.close());
  return client;
}

/** A plain GET, with overrides. */
export function get(
  client: HttpClient,
  url: string,
  request: Partial<HttpRequest> = {},
  signal: AbortSignal = new AbortController().signal,
): Promise<HttpResponse> {
  return performRequest(client, { method: 'GET', url, headers: {}, ...request }, signal);
}

export function textOf(response: HttpResponse): string {
  return Buffer.from(response.body).toString();
}

/** Finds a port on which nothing listens. */
export async function closedPort(): Promise<number> {
  const server = createRawServer();
  const port = await listen(server);
  server.close();
  await once(server, 'close');
  return port;
}
