/** `POST /search` with `{ query, cursor }`: the tools whose names hold the query, two at a time. */
import type { RequestListener } from 'node:http';
import { json } from 'node:stream/consumers';

const TOOLS = ['saw', 'hacksaw', 'hammer', 'jigsaw'].map((name, index) => ({ id: index + 1, name }));

export const site = (): RequestListener => async (request, response) => {
  if (request.method !== 'POST' || request.url !== '/search') return response.writeHead(404).end();
  const { query, cursor } = (await json(request)) as { query: string; cursor: string | null };
  const found = TOOLS.filter(({ name }) => name.includes(query));
  const from = Number(cursor ?? 0);
  const next = from + 2 < found.length ? String(from + 2) : null;
  response.setHeader('content-type', 'application/json');
  return response.end(JSON.stringify({ hits: found.slice(from, from + 2), cursor: next }));
};
