/** A report that is ready when it is asked for the third time, and one that never is. */
import type { RequestListener } from 'node:http';

export function site(): RequestListener {
  let asked = 0;
  return (request, response) => {
    const ready = request.url === '/reports/small' && ++asked >= 3;
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ ready, rows: ready ? 12 : 0 }));
  };
}
