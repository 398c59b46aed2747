/** A shop with two list pages and four products. */
import type { RequestListener } from 'node:http';

const SKUS: Readonly<Record<string, readonly string[]>> = { 1: ['pen', 'ink'], 2: ['paper', 'envelope'], 3: [] };
const PRICES: Readonly<Record<string, string>> = { pen: '2.50', ink: '4.00', paper: '3.25', envelope: '0.40' };

export const site = (): RequestListener => (request, response) => {
  const url = new URL(request.url ?? '/', 'http://shop');
  const price = PRICES[url.pathname.replace('/p/', '')];
  const skus = url.pathname === '/list' ? SKUS[url.searchParams.get('page') ?? ''] : undefined;
  response.setHeader('content-type', 'text/html');
  if (skus !== undefined)
    response.end(skus.map((sku) => `<a data-sku="${sku}" href="/p/${sku}">${sku}</a>`).join('\n'));
  else if (price !== undefined) response.end(`<b class="price">${price}</b>`);
  else response.writeHead(404).end('there is no such page');
};
