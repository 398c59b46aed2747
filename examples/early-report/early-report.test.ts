import { expect, it } from 'vitest';
import { openSite, runOnce } from '../../test/fixtures/examples.ts';
import earlyReport from './early-report.ts';
import { site } from './site.ts';

it('compares what is there after a second, and all prices in the end', async () => {
  const { base } = await openSite(site());
  const { end, items } = await runOnce(earlyReport, { base });
  expect(items).toContainEqual({ shop: 'west', price: 12, compared: 3, waiting: [], final: true });
  expect(items, 'the early comparison is replaced').toHaveLength(4);
  expect(end).toMatchObject({ finishReason: 'completed', dead: 0 });
});

it('says in an early comparison which shops are still to come', async () => {
  const items = [{ type: 'offer' as const, data: { shop: 'south', price: 17.5 } }];
  const early = await earlyReport.test('compare', { input: { base: 'http://shops.test' }, items, isEarly: true });
  expect(early.items).toEqual([
    {
      type: 'cheapest',
      data: { shop: 'south', price: 17.5, compared: 1, waiting: ['north', 'west'], final: false },
    },
  ]);
});
