/** Exchange rates. */
import type { RequestListener } from 'node:http';

const RATES: Record<string, string> = { '/rates/EUR': '1.08', '/rates/NOK': '0.094' };

export const site = (): RequestListener => (request, response) => {
  const rate = RATES[request.url ?? ''];
  response.writeHead(rate === undefined ? 404 : 200, { 'content-type': 'text/plain' }).end(rate);
};
