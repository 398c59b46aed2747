import { expect, it } from 'vitest';
import { openSite, runOnce } from '../../test/fixtures/examples.ts';
import lineage from './lineage.ts';
import { site } from './site.ts';

it('visits a page once for each way to it', async () => {
  const { base, asked } = await openSite(site());
  const { items } = await runOnce(lineage, { base });
  expect(items).toEqual([
    { path: '/end', isEnd: true },
    { path: '/end', isEnd: true },
    { path: '/left', isEnd: false },
    { path: '/right', isEnd: false },
    { path: '/start', isEnd: false },
  ]);
  expect(asked.filter((each) => each === 'GET /end')).toHaveLength(2);
});
