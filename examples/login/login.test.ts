import { expect, it } from 'vitest';
import { openSite, runOnce } from '../../test/fixtures/examples.ts';
import { codeOf } from '../../test/fixtures/flow.ts';
import login from './login.ts';
import { site } from './site.ts';

it('reads the orders of each user with that user’s cookies', async () => {
  const { base, asked } = await openSite(site());
  const { end, items } = await runOnce(login, { base, password: 'sesame' });
  expect(items).toEqual([
    { user: 'ann', id: 'A-1' },
    { user: 'ann', id: 'A-2' },
    { user: 'bob', id: 'B-7' },
  ]);
  expect(end.dead).toBe(0);
  expect(asked.filter((each) => each === 'POST /login')).toHaveLength(2);
});

it('notices a refused login, and does not go on', async () => {
  const { base, asked } = await openSite(site());
  const { items, deadLetters } = await runOnce(login, { base, users: 'ann', password: 'guess' });
  expect(items).toEqual([]);
  expect(deadLetters.map(codeOf)).toEqual(['parse.unexpected_page']);
  expect(asked).not.toContain('GET /orders');
});
