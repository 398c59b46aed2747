import type { RequestListener } from 'node:http';
import { expect, it } from 'vitest';
import { openSite, runOnce } from '../../test/fixtures/examples.ts';
import limits from './limits.ts';
import { site } from './site.ts';

/** The site, and how many requests it had under way at once. */
function counted() {
  const count = { now: 0, most: 0 };
  const answer = site();
  const listener: RequestListener = (request, response) => {
    count.now += 1;
    count.most = Math.max(count.most, count.now);
    response.on('finish', () => {
      count.now -= 1;
    });
    answer(request, response);
  };
  return { count, listener };
}

it.each([
  { atOnce: 2, most: 2, why: 'the run’s' },
  { atOnce: 100, most: 4, why: 'the tile server’s' },
])('has $most under way at once: $why limit', async ({ atOnce, most }) => {
  const { count, listener } = counted();
  const { base } = await openSite(listener);
  const { items } = await runOnce(limits, { base, atOnce });
  expect(items).toHaveLength(8);
  expect(count.most).toBe(most);
});

it('starts no more a second than the limit says', async () => {
  const startsMs: number[] = [];
  const { base } = await openSite((_request, response) => {
    startsMs.push(performance.now());
    response.end('x');
  });
  await runOnce(limits, { base, atOnce: 100 });
  // Eight of them are seven intervals of 20 ms; the first ones may go together.
  expect(startsMs.at(-1)! - startsMs[0]!).toBeGreaterThan(50);
});
