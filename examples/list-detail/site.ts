/** Two shelves that share a book, and a page per book. */
import type { RequestListener } from 'node:http';

const SHELVES: Record<string, string[]> = {
  '/shelves/new': ['emma', 'dracula'],
  '/shelves/classics': ['emma', 'ulysses'],
};
const BOOKS: Record<string, { rating: number; pages: number }> = {
  emma: { rating: 5, pages: 474 },
  dracula: { rating: 4, pages: 418 },
  ulysses: { rating: 3, pages: 732 },
};

export const site = (): RequestListener => (request, response) => {
  const url = request.url ?? '';
  const cookieStore = SHELVES[url]
    ?.map((id) => `<li data-id="${id}" data-rating="${BOOKS[id]?.rating}">${id}`)
    .join('');
  const book = BOOKS[url.replace('/books/', '')];
  response.statusCode = cookieStore === undefined && book === undefined ? 404 : 200;
  response.setHeader('content-type', 'text/html').end(cookieStore ?? `<b class="pages">${book?.pages}</b>`);
};
