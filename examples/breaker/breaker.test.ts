import { expect, it } from 'vitest';
import { openSite, runOnce } from '../../test/fixtures/examples.ts';
import breaker from './breaker.ts';
import { site } from './site.ts';

it('sends nothing between the second failure and the trial, and then goes on', async () => {
  const atMs: number[] = [];
  const answer = site();
  const { base } = await openSite((request, response) => {
    atMs.push(performance.now());
    answer(request, response);
  });
  const { end, items } = await runOnce(breaker, { base });
  expect(items).toEqual([
    { sku: 'chair', count: 5 },
    { sku: 'lamp', count: 5 },
    { sku: 'table', count: 5 },
  ]);
  expect(end.dead).toBe(0);
  expect(atMs).toHaveLength(5);
  expect(atMs[2]! - atMs[1]!, 'while the breaker was open').toBeGreaterThan(380);
});
