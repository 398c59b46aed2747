import { expect, it } from 'vitest';
import { MemoryBlobs } from '../../../test/fixtures/fake-ports.ts';
import type { DownloaderDeps } from '../deps.ts';
import { keepBody } from './keep-body.ts';
import { replyOf, requestContext } from './policy.fixture.ts';

it('a body over the threshold is stored under its node, and a smaller one goes on as it is', async () => {
  const blobs = new MemoryBlobs();
  const config = { blobThresholdBytes: 4 } as DownloaderDeps['config'];
  const context = requestContext({ deps: { blobs, config } });
  const small = replyOf({ body: Buffer.from('1234') });
  expect(await keepBody(context, async () => small)).toBe(small);
  const large = await keepBody(context, async () => replyOf({ body: Buffer.from('12345') }));
  expect([large.body.byteLength, large.blob]).toEqual([0, { key: 'node-1', sizeBytes: 5 }]);
  expect(Buffer.from(await blobs.get('run-1', 'node-1')).toString()).toBe('12345');
});
