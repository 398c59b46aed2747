import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { describeBlobStore } from '../../test/conformance/blob-store.ts';
import { BlobDirectory, toBlobError } from './blob-directory.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'catena-blobs-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function newStore(durability: 'process' | 'power' = 'process') {
  const path = join(await newFolder(), 'blobs');
  return { path, store: new BlobDirectory({ path, durability }) };
}

describe.each(['process', 'power'] as const)('of durability %s', (durability) => {
  describeBlobStore('directory', async () => {
    const { store, path } = await newStore(durability);
    return { store, reopen: () => new BlobDirectory({ path }) };
  });
});

describe('BlobDirectory', () => {
  it('replaces a blob of the same key, and leaves no drafts', async () => {
    const { store, path } = await newStore();
    await Promise.all(Array.from({ length: 20 }, (_, i) => store.put('r', 'k', bytes(`version ${i}`))));
    expect(Buffer.from(await store.get('r', 'k')).toString()).toMatch(/^version \d+$/);
    expect(await readdir(join(path, 'r'))).toEqual(['k']);
  });

  it('never writes outside its folder, whatever the names', async () => {
    const folder = await newFolder();
    const store = new BlobDirectory({ path: join(folder, 'blobs') });
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), async (run, key) => {
        await store.put(`../${run}`, `../../${key}`, bytes('x'));
        await store.put(run, key, bytes('x'));
        expect((await store.get(run, key)).length).toBe(1);
      }),
      { numRuns: 40 },
    );
    expect(await readdir(folder)).toEqual(['blobs']);
  });

  it('deletes the blobs of one run, drafts of a killed process included, and takes new ones after', async () => {
    const { store, path } = await newStore();
    await store.put('r1', 'k', bytes('one'));
    await store.put('r2', 'k', bytes('two'));
    await writeFile(join(path, 'r1', '.left-behind.draft'), 'half');
    await store.deleteRun('r1');
    await store.deleteRun('never-was');
    await expect(store.get('r1', 'k')).rejects.toMatchObject({ code: 'store.blob_missing' });
    await expect(stat(join(path, 'r1'))).rejects.toMatchObject({ code: 'ENOENT' });
    expect(Buffer.from(await store.get('r2', 'k')).toString()).toBe('two');
    await store.put('r1', 'k', bytes('again'));
    expect(await readFile(join(path, 'r1', 'k'), 'utf8')).toBe('again');
  });

  it('leaves no draft behind when a blob cannot be put in its place', async () => {
    const { store, path } = await newStore();
    await mkdir(join(path, 'r', 'k', 'in-the-way'), { recursive: true });
    await expect(store.put('r', 'k', bytes('x'))).rejects.toMatchObject({ code: 'store.io_error', class: 'retryable' });
    expect(await readdir(join(path, 'r'))).toEqual(['k']);
  });

  it('refuses a place that is no folder', async () => {
    const path = join(await newFolder(), 'file');
    await writeFile(path, 'in the way');
    const store = new BlobDirectory({ path });
    await expect(store.put('r', 'k', bytes('x'))).rejects.toMatchObject({ code: 'store.unwritable', class: 'fatal' });
    expect(await readFile(path, 'utf8')).toBe('in the way');
  });
});

describe('toBlobError', () => {
  it.each([
    ['ENOSPC', 'store.disk_full', 'retryable'],
    ['EDQUOT', 'store.disk_full', 'retryable'],
    ['EROFS', 'store.unwritable', 'fatal'],
    ['EACCES', 'store.unwritable', 'fatal'],
    ['EIO', 'store.io_error', 'retryable'],
    ['EMFILE', 'store.io_error', 'retryable'],
  ])('calls %s %s', (code, name, failureClass) => {
    const error = toBlobError(Object.assign(new Error('no'), { code }), '/place');
    expect(error).toMatchObject({ code: name, class: failureClass, data: { path: '/place' } });
    expect(error.remedy).toBeDefined();
  });
});
