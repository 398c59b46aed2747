import { expect, it } from 'vitest';
import { openSite, runOnce } from '../../test/fixtures/examples.ts';
import oneStep from './one-step.ts';
import { site } from './site.ts';

it('makes an item of every row, with one request', async () => {
  const { base, asked } = await openSite(site());
  const { end, items } = await runOnce(oneStep, { base });
  expect(items).toEqual([
    { title: 'Emma', price: 7.5 },
    { title: 'Persuasion', price: 6 },
    { title: 'Sanditon', price: 5.25 },
  ]);
  expect(end).toMatchObject({ finishReason: 'completed', dead: 0 });
  expect(asked).toEqual(['GET /books']);
});

it('takes no page whose rows do not fit', async () => {
  const page = openSite((_request, response) => response.end('<li class="book"><b class="title">Emma</b>'));
  const { end, items } = await runOnce(oneStep, { base: (await page).base });
  expect([items, end.dead]).toEqual([[], 1]);
});
