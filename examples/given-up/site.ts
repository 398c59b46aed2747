/** Three shops: one answers, one is broken, one is gone. */
import type { RequestListener } from 'node:http';

const STATUS: Record<string, number> = { '/north/price': 200, '/south/price': 500 };

export const site = (): RequestListener => (request, response) => {
  response.statusCode = STATUS[request.url ?? ''] ?? 404;
  response.setHeader('content-type', 'text/plain').end('19.90');
};
