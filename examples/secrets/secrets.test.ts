import { expect, it } from 'vitest';
import { inMemory, openSite, run, runOnce, startIn } from '../../test/fixtures/examples.ts';
import { codeOf } from '../../test/fixtures/flow.ts';
import secrets from './secrets.ts';
import { site } from './site.ts';

it('sends the key of the account’s login', async () => {
  const { base } = await openSite(site());
  const node = await startIn(inMemory, [secrets]);
  const login = { DEMO_API_KEY: 'open-sesame' };
  await node.store.putAccount({ account: 'acme', platform: 'web', login, updatedAtMs: 1 });
  const { items } = await run(node, secrets, { base });
  expect(items).toEqual([{ name: 'ann', credit: 12 }]);
});

it('keeps a key that is refused out of the dead letter', async () => {
  const { base } = await openSite(site());
  const node = await startIn(inMemory, [secrets]);
  const login = { DEMO_API_KEY: 'open-barley' };
  await node.store.putAccount({ account: 'acme', platform: 'web', login, updatedAtMs: 1 });
  const { deadLetters } = await run(node, secrets, { base });
  expect(deadLetters.map(codeOf)).toEqual(['download.status']);
  expect(JSON.stringify(deadLetters)).not.toContain('barley');
});

it('sends nothing without the key', async () => {
  const { base, asked } = await openSite(site());
  const { deadLetters } = await runOnce(secrets, { base });
  expect(deadLetters.map(codeOf)).toEqual(['download.secret_missing']);
  expect(asked).toEqual([]);
});
