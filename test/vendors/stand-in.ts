/** A server on loopback that answers as it is told, byte for byte, and keeps what it was asked. */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What is sent for one request. */
export interface Sent {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent in these pieces. */
  readonly body: string | readonly (string | Uint8Array)[];
  /** What happens after the body; default: the response ends. `break`: the connection is closed. */
  readonly then?: 'end' | 'break';
}

export interface SeenRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
}

export interface StandIn {
  /** The address of a behaviour; what comes after it is the vendor's own path. */
  addressOf(id: string): string;
  seen(id: string): readonly SeenRequest[];
  stop(): Promise<void>;
}

/** `sentFor` returns what a behaviour sends for its nth request, from 1. */
export async function startStandIn(sentFor: (id: string, nth: number) => Sent | undefined): Promise<StandIn> {
  const seen = new Map<string, SeenRequest[]>();
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += String(chunk);
    const [, id = '', ...rest] = (request.url ?? '').split('/');
    const requests = seen.get(id) ?? [];
    seen.set(id, requests);
    requests.push({ path: `/${rest.join('/')}`, headers: request.headers, body: JSON.parse(text) });
    const sent = sentFor(id, requests.length);
    if (sent === undefined) response.writeHead(404).end();
    else send(response, sent);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    addressOf: (id) => `http://127.0.0.1:${port}/${id}`,
    seen: (id) => seen.get(id) ?? [],
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function send(response: ServerResponse, { status = 200, headers = {}, body, then = 'end' }: Sent): void {
  response.writeHead(status, headers);
  for (const piece of typeof body === 'string' ? [body] : body) response.write(piece);
  if (then === 'end') response.end();
  // After the written bytes have left.
  else setTimeout(() => response.destroy(), 20);
}
