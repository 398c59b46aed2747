import { expect, it } from 'vitest';
import { openSite, runOnce } from '../../test/fixtures/examples.ts';
import join from './join.ts';
import { site } from './site.ts';

it('compares what the shops answered, once, and knows how many did not', async () => {
  const { base } = await openSite(site());
  const { end, items } = await runOnce(join, { base });
  expect(items).toEqual([
    { shop: 'north', price: 19.9 },
    { shop: 'south', price: 17.5, compared: 2, failed: 1 },
    { shop: 'south', price: 17.5 },
  ]);
  expect(end).toMatchObject({ finishReason: 'completed', dead: 1 });
});
