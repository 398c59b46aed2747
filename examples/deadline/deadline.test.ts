import { expect, it } from 'vitest';
import { openSite, runOnce } from '../../test/fixtures/examples.ts';
import deadline from './deadline.ts';
import { site } from './site.ts';

it('reports in time, with what there is, and says who is late', async () => {
  const { base } = await openSite(site());
  const startedMs = performance.now();
  const { end, items } = await runOnce(deadline, { base }, { deadlineMs: 4_000 });
  expect(items).toEqual([
    { answered: ['quick'], late: ['slow'] },
    { who: 'quick', text: 'here' },
  ]);
  expect(end).toMatchObject({ finishReason: 'deadline', dead: 1 });
  expect(performance.now() - startedMs, 'the share of the first phase was over').toBeGreaterThan(750);
});
