/** Three shops with a price each; the one in the west takes its time. */
import type { RequestListener } from 'node:http';

const PRICES: Record<string, string> = { '/north/price': '19.90', '/south/price': '17.50', '/west/price': '12.00' };
const SLOW_MS = 4_000;

export const site = (): RequestListener => (request, response) => {
  const price = PRICES[request.url ?? ''];
  const answer = () => response.writeHead(price === undefined ? 404 : 200, { 'content-type': 'text/plain' }).end(price);
  setTimeout(answer, request.url?.startsWith('/west') === true ? SLOW_MS : 0).unref();
};
