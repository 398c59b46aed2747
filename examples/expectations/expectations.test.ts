import { expect, it } from 'vitest';
import { openSite, runOnce } from '../../test/fixtures/examples.ts';
import expectations from './expectations.ts';
import { site } from './site.ts';

it('tries a page again that is not the product, and reads a 404 as its absence', async () => {
  const { base, asked } = await openSite(site());
  const { end, items } = await runOnce(expectations, { base });
  expect(items).toEqual([
    { sku: 'chair', price: 85 },
    { sku: 'lamp', price: 40 },
    { sku: 'sofa', price: null },
  ]);
  expect(end.dead).toBe(0);
  expect(asked.filter((each) => each.endsWith('chair'))).toHaveLength(2);
  expect(asked.filter((each) => each.endsWith('sofa'))).toHaveLength(1);
});
