import { expect, it } from 'vitest';
import { openSite, runOnce } from '../../test/fixtures/examples.ts';
import pagination from './pagination.ts';
import { site } from './site.ts';

const quotesOf = (...pages: number[]) =>
  pages.flatMap((page) => [1, 2].map((n) => ({ text: `Quote ${n} of page ${page}` })));

it('reads every page, each once', async () => {
  const { base, asked } = await openSite(site());
  const { items } = await runOnce(pagination, { base });
  expect(items).toHaveLength(6);
  expect(items).toEqual(expect.arrayContaining(quotesOf(1, 2, 3)));
  expect(asked).toEqual(['GET /quotes', 'GET /quotes?page=2', 'GET /quotes?page=3']);
});

it('ends at the most pages that its input allows', async () => {
  const { base, asked } = await openSite(site());
  const { items } = await runOnce(pagination, { base, most: '2' });
  expect(items).toEqual(expect.arrayContaining(quotesOf(1, 2)));
  expect(asked).toHaveLength(2);
});
