/** Answers any question, for a quarter. */
import type { RequestListener } from 'node:http';

export const site = (): RequestListener => (_request, response) => {
  response.setHeader('content-type', 'application/json').end(JSON.stringify({ text: 'It depends.', price: 0.25 }));
};
