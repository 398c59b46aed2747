import { expect, it, vi } from 'vitest';
import type { ResponseModel } from '../../libs/contracts/messages.ts';
import type { BlobStore } from '../../libs/store/blob-store.ts';
import { toPage } from './page.ts';

const blobs = { get: vi.fn() } as unknown as BlobStore;
const response = (headers: ResponseModel['headers']): ResponseModel =>
  ({ runId: 'r', finalUrl: 'http://shop.test/', status: 404, headers, content: undefined }) as unknown as ResponseModel;

it('a page has what the downloader says of its body', async () => {
  const marked = response([
    { name: 'content-type', value: 'text/html' },
    { name: 'catena-partial', value: 'true' },
    { name: 'catena-undecoded', value: 'content-encoding gzip, unexpected end of file' },
  ]);
  expect(await toPage(blobs, marked)).toMatchObject({
    partial: true,
    undecoded: 'content-encoding gzip, unexpected end of file',
  });
  const plain = await toPage(blobs, response([]));
  expect([plain.partial, plain.undecoded]).toEqual([false, undefined]);
});
