/** A page with three books. */
import type { RequestListener } from 'node:http';

const BOOKS = [
  ['Emma', '7.50'],
  ['Persuasion', '6.00'],
  ['Sanditon', '5.25'],
];

export const site = (): RequestListener => (_request, response) => {
  const rows = BOOKS.map(
    ([title, price]) => `<li class="book"><b class="title">${title}</b> <i class="price">${price}</i>`,
  );
  response.setHeader('content-type', 'text/html').end(`<ul>${rows.join('')}</ul>`);
};
