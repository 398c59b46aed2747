import { expect, it } from 'vitest';
import { idempotencyKey } from './idempotency-key.ts';
import { replyOf, requestContext } from './policy.fixture.ts';

it.each([
  ['GET', {}, undefined],
  ['HEAD', {}, undefined],
  ['POST', {}, 'node-1'],
  ['DELETE', {}, 'node-1'],
  ['POST', { 'idempotency-key': 'own' }, 'own'],
])('%s with headers %j has the key %s', async (method, headers, key) => {
  const context = requestContext({ asked: { method, headers } });
  await idempotencyKey(context, async ({ request }) => {
    expect(request.headers['idempotency-key']).toBe(key);
    return replyOf();
  });
  expect.assertions(1);
});
