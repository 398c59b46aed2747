/** The pages that answers cite, on loopback: every address has one, except those with `missing` in it. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface CitedPages {
  /** What goes before an address in the place of its copy; ends with a slash. */
  readonly origin: string;
  /** Where the copy of a page stands. */
  readonly pageUrl: (url: string) => string;
  /** The addresses that were asked for. */
  readonly asked: readonly string[];
  stop(): Promise<void>;
}

export async function startPages(text: string): Promise<CitedPages> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(decodeURIComponent(request.url?.slice(1) ?? ''));
    const isMissing = request.url?.includes('missing') === true;
    const headers = { 'content-type': 'text/html; charset=utf-8' };
    response.writeHead(isMissing || request.url === '/robots.txt' ? 404 : 200, headers);
    response.end(`<!doctype html><title>评测</title><main>${text}</main>`);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const origin = `http://127.0.0.1:${port}/`;
  return {
    origin,
    asked,
    pageUrl: (url) => origin + encodeURIComponent(url),
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
