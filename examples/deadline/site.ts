/** One answers at once, the other one after two seconds. */
import type { RequestListener } from 'node:http';

export const site = (): RequestListener => (request, response) => {
  response.setHeader('content-type', 'text/plain');
  setTimeout(() => response.end('here'), request.url === '/slow' ? 2_000 : 0);
};
