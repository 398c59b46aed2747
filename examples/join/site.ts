/** Three shops with a price each; the one in the west is closed. */
import type { RequestListener } from 'node:http';

const PRICES: Record<string, string> = { '/north/price': '19.90', '/south/price': '17.50' };

export const site = (): RequestListener => (request, response) => {
  const price = PRICES[request.url ?? ''];
  response.writeHead(price === undefined ? 404 : 200, { 'content-type': 'text/plain' }).end(price);
};
