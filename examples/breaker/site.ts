/** Answers 503 twice, and is well from then on. */
import type { RequestListener } from 'node:http';

export function site(): RequestListener {
  let asked = 0;
  return (_request, response) => {
    asked += 1;
    response.writeHead(asked <= 2 ? 503 : 200, { 'content-type': 'text/plain' }).end('5');
  };
}
