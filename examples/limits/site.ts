/** Tiles of a map, a tenth of a second each. */
import type { RequestListener } from 'node:http';

export const site = (): RequestListener => (request, response) => {
  response.setHeader('content-type', 'application/octet-stream');
  setTimeout(() => response.end('x'.repeat(Number(request.url?.split('/').at(-1)) * 100)), 100);
};
