/** A start, two ways, and one end. */
import type { RequestListener } from 'node:http';

const LINKS: Record<string, string[]> = { '/start': ['/left', '/right'], '/left': ['/end'], '/right': ['/end'] };

export const site = (): RequestListener => (request, response) => {
  const links = (LINKS[request.url ?? ''] ?? []).map((href) => `<a href="${href}">go on</a>`);
  response.setHeader('content-type', 'text/html').end(`<p>${request.url}</p>${links.join('')}`);
};
