/** A lamp; a chair whose page first says "one moment please"; and no sofa. */
import type { RequestListener } from 'node:http';

export function site(): RequestListener {
  let chairs = 0;
  const price = (amount: number) => `<b class="price">${amount}</b>`;
  const pages: Record<string, () => string> = {
    '/products/lamp': () => price(40),
    '/products/chair': () => (chairs++ === 0 ? '<p>One moment please</p>' : price(85)),
  };
  return (request, response) => {
    const page = pages[request.url ?? ''];
    response.statusCode = page === undefined ? 404 : 200;
    response.setHeader('content-type', 'text/html').end(page?.() ?? '<p>Not found</p>');
  };
}
