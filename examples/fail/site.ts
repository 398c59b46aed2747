/** Two sensors answer, the one in the garden does not. */
import type { RequestListener } from 'node:http';

const VALUES: Record<string, string> = { '/roof': '21.5', '/cellar': '11' };

export const site = (): RequestListener => (request, response) => {
  const value = VALUES[request.url ?? ''];
  response.writeHead(value === undefined ? 404 : 200, { 'content-type': 'text/plain' }).end(value);
};
