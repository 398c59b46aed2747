import { expect, it } from 'vitest';
import { inMemory, openSite, run, startIn } from '../../test/fixtures/examples.ts';
import drop from './drop.ts';
import { site } from './site.ts';

it('keeps the other records, and counts the one that was left out', async () => {
  const { base } = await openSite(site());
  const node = await startIn(inMemory, [drop]);
  const { end, items } = await run(node, drop, { base });
  expect(items).toEqual([
    { title: 'Baker', salary: 2800 },
    { title: 'Welder', salary: 3400 },
  ]);
  expect(end).toMatchObject({ finishReason: 'completed', dead: 0 });
  expect(node.metrics.expose()).toMatch(/^records_dropped_total(?:\{\})? 1$/m);
});

it('says why', async () => {
  const body = '<li class="job" data-salary=""><b class="title">Poet</b>';
  const { drops } = await drop.test('list', { input: { base: 'http://jobs.test' }, body });
  expect(drops).toEqual([{ reason: 'no salary', data: { title: 'Poet' } }]);
});
