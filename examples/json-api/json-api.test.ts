import { expect, it } from 'vitest';
import { openSite, runOnce } from '../../test/fixtures/examples.ts';
import jsonApi from './json-api.ts';
import { site } from './site.ts';

it('posts its question, and again from where the answer says', async () => {
  const { base, asked } = await openSite(site());
  const { items } = await runOnce(jsonApi, { base, query: 'saw' });
  expect(items).toEqual([
    { id: 1, name: 'saw' },
    { id: 2, name: 'hacksaw' },
    { id: 4, name: 'jigsaw' },
  ]);
  expect(asked).toEqual(['POST /search', 'POST /search']);
});

it('refuses an answer that breaks the promise', async () => {
  const given = { input: { base: 'http://api.test', query: 'saw' }, state: { cursor: null }, json: { hits: [{}] } };
  await expect(jsonApi.test('search', given)).rejects.toMatchObject({ code: 'parse.threw' });
});
