import { expect, it } from 'vitest';
import { inMemory, openSite, run, startIn } from '../../test/fixtures/examples.ts';
import cache from './cache.ts';
import { site } from './site.ts';

it('sends nothing for what an earlier run was answered, and the page says so', async () => {
  const { base, asked } = await openSite(site());
  const node = await startIn(inMemory, [cache]);
  const rates = (fromCache: boolean) => [
    { currency: 'EUR', rate: 1.08, fromCache },
    { currency: 'NOK', rate: 0.094, fromCache },
  ];
  expect((await run(node, cache, { base })).items).toEqual(rates(false));
  expect((await run(node, cache, { base })).items).toEqual(rates(true));
  expect(asked).toHaveLength(2);
});
