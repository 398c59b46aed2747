import { expect, it } from 'vitest';
import { openSite, runOnce } from '../../test/fixtures/examples.ts';
import listDetail from './list-detail.ts';
import { site } from './site.ts';

it('joins what the list and the detail page say, and reads a book of two lists once', async () => {
  const { base, asked } = await openSite(site());
  const { items } = await runOnce(listDetail, { base });
  expect(items).toEqual([
    { id: 'dracula', rating: 4, pages: 418 },
    { id: 'emma', rating: 5, pages: 474 },
    { id: 'ulysses', rating: 3, pages: 732 },
  ]);
  expect(asked.filter((each) => each === 'GET /books/emma')).toHaveLength(1);
});
