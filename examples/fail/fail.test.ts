import { expect, it } from 'vitest';
import { openSite, runOnce } from '../../test/fixtures/examples.ts';
import fail from './fail.ts';
import { site } from './site.ts';

const readings = [
  { sensor: 'cellar', value: 11 },
  { sensor: 'roof', value: 21.5 },
];

it('ends its run with its reason, and keeps the items', async () => {
  const { base } = await openSite(site());
  const { end, items } = await runOnce(fail, { base });
  expect(end).toMatchObject({
    finishReason: 'terminated',
    detail: 'only 2 sensors answered, and 3 are needed',
  });
  expect(items).toEqual(readings);
});

it('ends well where there is enough', async () => {
  const { base } = await openSite(site());
  const { end, items } = await runOnce(fail, { base, atLeast: 2 });
  expect(end.finishReason).toBe('completed');
  expect(items).toEqual(readings);
});
