/** The pages that answers cite, on loopback: every address has one, except those with `missing` in it. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface CitedPages {
  /** Where the copy of a page stands. */
  readonly pageUrl: (url: string) => string;
  stop(): Promise<void>;
}

export async function startPages(text: string): Promise<CitedPages> {
  const server = createServer((request, response) => {
    const isMissing = request.url?.includes('missing') === true;
    const headers = { 'content-type': 'text/html; charset=utf-8' };
    response.writeHead(isMissing || request.url === '/robots.txt' ? 404 : 200, headers);
    response.end(`<!doctype html><title>评测</title><main>${text}</main>`);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    pageUrl: (url) => `http://127.0.0.1:${port}/${encodeURIComponent(url)}`,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
