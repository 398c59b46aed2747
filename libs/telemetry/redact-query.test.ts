import { expect, it } from 'vitest';
import { redactQuery } from './redact-query.ts';

it.each([
  ['https://a.test/?api_key=1234&page=2', 'https://a.test/?api_key=***&page=2'],
  ['https://a.test/p?page=2&access_token=x.y#top', 'https://a.test/p?page=2&access_token=***#top'],
  ['GET https://a.test/?X-Goog-Signature=abc was refused', 'GET https://a.test/?X-Goog-Signature=*** was refused'],
  ['https://a.test/?key=k&sig=s', 'https://a.test/?key=***&sig=***'],
  ['https://a.test/?keyword=shoes&monkey=1&page=2', 'https://a.test/?keyword=shoes&monkey=1&page=2'],
  ['no address: a=b', 'no address: a=b'],
])('hides what looks like a secret in %s', (text, shown) => {
  expect(redactQuery(text)).toBe(shown);
});
