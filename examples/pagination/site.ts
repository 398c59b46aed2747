/** Three pages with two quotes each; all but the last one link to the next. */
import type { RequestListener } from 'node:http';

export const site = (): RequestListener => (request, response) => {
  const page = Number(new URL(request.url ?? '', 'http://site').searchParams.get('page') ?? 1);
  const quotes = [1, 2].map((n) => `<blockquote>Quote ${n} of page ${page}</blockquote>`).join('');
  const next = page < 3 ? `<a rel="next" href="?page=${page + 1}">older</a>` : '';
  response.setHeader('content-type', 'text/html').end(quotes + next);
};
