/** What a blob store is. Every adapter passes this suite unchanged. */
import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { BlobStore } from '../../libs/store/blob-store.ts';

export interface OpenedBlobStore {
  readonly store: BlobStore;
  /** A second handle on the same blobs, as another process would have one. */
  readonly reopen: () => BlobStore;
}

export type OpenBlobStore = () => Promise<OpenedBlobStore>;

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (content: Uint8Array): string => Buffer.from(content).toString();
const digest = (content: Uint8Array): string => createHash('sha256').update(content).digest('hex');

/** Texts that are no plain names somewhere: in a path, in a subject, in a stream's name. */
const KEYS = [
  'k',
  'K',
  'k ',
  'h.k',
  '../r2/k',
  'a/b',
  'a\\b',
  '',
  '.',
  '..',
  '*',
  '>',
  'a.b.>',
  'x'.repeat(5_000),
  'é',
  'k\u0000',
];
const RUNS = ['r1', 'R1', '../r1', 'r1.>', '', 'r'.repeat(300)];

export function describeBlobStore(name: string, open: OpenBlobStore): void {
  describe(`${name} blob store`, () => {
    it('gives back what was put, to other processes too', async () => {
      const { store, reopen } = await open();
      expect(await store.put('run-1', 'node-1', bytes('first'))).toEqual({ key: 'node-1', sizeBytes: 5 });
      expect(await store.put('run-1', 'node-2', new Uint8Array())).toEqual({ key: 'node-2', sizeBytes: 0 });
      for (const reader of [store, reopen()]) {
        expect(text(await reader.get('run-1', 'node-1'))).toBe('first');
        expect((await reader.get('run-1', 'node-2')).length).toBe(0);
      }
    });

    it.each([1, 131_072, 131_073, 3_000_001])('keeps %i bytes as they are', async (sizeBytes) => {
      const { store } = await open();
      const content = randomBytes(sizeBytes);
      expect(await store.put('r', 'k', content)).toEqual({ key: 'k', sizeBytes });
      expect(digest(await store.get('r', 'k'))).toBe(digest(content));
    });

    it('replaces a blob of the same key; readers meanwhile see one whole version', async () => {
      const { store, reopen } = await open();
      const version = (n: number) => Buffer.alloc(300_000, `version ${n};`);
      await store.put('r', 'k', version(0));
      const reader = reopen();
      const known = new Set(Array.from({ length: 6 }, (_, n) => digest(version(n))));
      const reads: Promise<Uint8Array>[] = [];
      for (let n = 1; n < 6; n++) {
        reads.push(reader.get('r', 'k'), reader.get('r', 'k'));
        await store.put('r', 'k', version(n));
      }
      for (const content of await Promise.all(reads)) expect(known.has(digest(content))).toBe(true);
      expect(digest(await reader.get('r', 'k'))).toBe(digest(version(5)));
    });

    it('keeps one of those that are put under the same key at the same time, whole', async () => {
      const { store } = await open();
      await Promise.all(Array.from({ length: 20 }, (_, n) => store.put('r', 'k', bytes(`version ${n}`))));
      expect(text(await store.get('r', 'k'))).toMatch(/^version \d+$/);
    });

    it('keeps runs and keys apart, whatever their names', async () => {
      const { store } = await open();
      const all = RUNS.flatMap((run, r) => KEYS.map((key, k) => ({ run, key, content: `${r}|${k}` })));
      await Promise.all(all.map(({ run, key, content }) => store.put(run, key, bytes(content))));
      for (const { run, key, content } of all) expect(text(await store.get(run, key))).toBe(content);
    });

    it('says that a blob is missing in a way that downloads it again', async () => {
      const { store } = await open();
      const missing = { code: 'store.blob_missing', class: 'retryable', data: { runId: 'r', key: 'nothing' } };
      await expect(store.get('r', 'nothing')).rejects.toMatchObject(missing);
      await store.put('r', 'something', bytes('x'));
      await expect(store.get('r', 'nothing')).rejects.toMatchObject(missing);
    });

    it('deletes the blobs of one run, and takes new ones after', async () => {
      const { store, reopen } = await open();
      const other = reopen();
      for (const key of KEYS) await store.put('r1', key, bytes('one'));
      await other.put('r2', 'k', bytes('two'));
      await other.deleteRun('r1');
      await other.deleteRun('r1');
      await other.deleteRun('never-was');
      for (const key of KEYS) await expect(store.get('r1', key)).rejects.toMatchObject({ code: 'store.blob_missing' });
      expect(text(await store.get('r2', 'k'))).toBe('two');
      await store.put('r1', 'k', bytes('again'));
      expect(text(await other.get('r1', 'k'))).toBe('again');
    });
  });
}
