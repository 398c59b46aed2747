/** `/me` for whoever has the key `open-sesame`; anybody else is told which key was refused. */
import type { RequestListener } from 'node:http';

export const site = (): RequestListener => (request, response) => {
  const { authorization = '' } = request.headers;
  response.setHeader('content-type', 'application/json');
  if (authorization === 'Bearer open-sesame') response.end(JSON.stringify({ name: 'ann', credit: 12 }));
  else response.writeHead(403).end(JSON.stringify({ error: `no such key: ${authorization}` }));
};
