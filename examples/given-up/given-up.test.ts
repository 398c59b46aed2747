import { expect, it } from 'vitest';
import { openSite, runOnce } from '../../test/fixtures/examples.ts';
import givenUp from './given-up.ts';
import { site } from './site.ts';

it('has a row for every shop, and nothing is dead', async () => {
  const { base, asked } = await openSite(site());
  const { end, items } = await runOnce(givenUp, { base });
  expect(items).toEqual([
    { shop: 'north', price: 19.9, problem: '' },
    { shop: 'south', price: null, problem: 'download.status' },
    { shop: 'west', price: null, problem: 'download.status' },
  ]);
  expect(end).toMatchObject({ finishReason: 'completed', dead: 0 });
  const times = (shop: string) => asked.filter((each) => each.includes(shop)).length;
  expect([times('south'), times('west')]).toEqual([2, 1]);
});
