import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
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

describe('BlobDirectory', () => {
  it.each(['process', 'power'] as const)('gives back what was put (durability %s)', async (durability) => {
    const { store, path } = await newStore(durability);
    expect(await store.put('run-1', 'node-1', bytes('first'))).toEqual({ key: 'node-1', sizeBytes: 5 });
    expect(await store.put('run-1', 'node-2', new Uint8Array())).toEqual({ key: 'node-2', sizeBytes: 0 });
    expect(Buffer.from(await store.get('run-1', 'node-1')).toString()).toBe('first');
    expect((await store.get('run-1', 'node-2')).length).toBe(0);
    expect(Buffer.from(await new BlobDirectory({ path }).get('run-1', 'node-1')).toString()).toBe('first');
  });

  it('replaces a blob of the same key, and leaves no drafts', async () => {
    const { store, path } = await newStore();
    await Promise.all(Array.from({ length: 20 }, (_, i) => store.put('r', 'k', bytes(`version ${i}`))));
    expect(Buffer.from(await store.get('r', 'k')).toString()).toMatch(/^version \d+$/);
    expect(await readdir(join(path, 'r'))).toEqual(['k']);
  });

  it('keeps runs and keys apart', async () => {
    const { store } = await newStore();
    const keys = ['k', 'K', 'k ', 'h.k', '../r2/k', 'a/b', 'a\\b', '', '.', '..', 'x'.repeat(5_000), 'é', 'k\u0000'];
    for (const run of ['r1', 'R1', '../r1']) for (const key of keys) await store.put(run, key, bytes(`${run}|${key}`));
    for (const run of ['r1', 'R1', '../r1']) {
      for (const key of keys) expect(Buffer.from(await store.get(run, key)).toString()).toBe(`${run}|${key}`);
    }
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

  it('says that a blob is missing in a way that downloads it again', async () => {
    const { store } = await newStore();
    await expect(store.get('r', 'nothing')).rejects.toMatchObject({
      code: 'store.blob_missing',
      class: 'retryable',
      data: { runId: 'r', key: 'nothing' },
    });
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
