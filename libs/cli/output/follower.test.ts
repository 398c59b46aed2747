import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ExportOffset, StoredItem } from '../../store/port.ts';
import { FileSink } from './file-sink.ts';
import { ItemFollower } from './follower.ts';
import { CsvRows, jsonlRows } from './rows.ts';

let folder = '';
let path = '';
const sinks: FileSink[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'catena-follower-'));
  path = join(folder, 'items.out');
});

afterEach(async () => {
  for (const sink of sinks.splice(0)) await sink.close();
  rmSync(folder, { recursive: true });
});

/** The part of a store that a follower sees. */
class Rows {
  readonly items: StoredItem[] = [];
  readonly exports = new Map<string, ExportOffset>();
  withdrawnSeq = Number.POSITIVE_INFINITY;
  saveExport = async (_runId: string, name: string, offset: ExportOffset): Promise<void> => {
    this.exports.set(name, offset);
  };

  add(...data: unknown[]): void {
    for (const each of data) {
      const seq = (this.items.at(-1)?.seq ?? 0) + 2;
      this.items.push({ seq, moduleId: 'm', type: 'row', data: JSON.stringify(each) });
    }
  }

  withdraw(seq: number): void {
    this.items.splice(
      this.items.findIndex((item) => item.seq === seq),
      1,
    );
    this.withdrawnSeq = Math.min(seq, this.withdrawnSeq);
  }

  readItems = async ({ afterSeq, limit }: { afterSeq: number; limit: number }) =>
    this.items.filter(({ seq }) => seq > afterSeq).slice(0, limit);

  findExport = async (_runId: string, name: string) => this.exports.get(name);
  hasWithdrawnItems = async (_runId: string, upToSeq: number) => this.withdrawnSeq <= upToSeq;
}

async function follow(store: Rows, kind: 'jsonl' | 'csv' = 'jsonl', now = () => 0): Promise<ItemFollower> {
  const sink = await FileSink.open(path);
  sinks.push(sink);
  const format = (layout: string | undefined) =>
    kind === 'jsonl'
      ? jsonlRows(false)
      : new CsvRows(layout === undefined ? [] : (JSON.parse(layout) as { columns: string[] }).columns);
  const follower = new ItemFollower({ store, runId: 'r', sink, format, monotonicMs: now });
  await follower.open();
  return follower;
}

const lines = (): string[] => readFileSync(path, 'utf8').split(/\r?\n/).filter(Boolean);

describe('a file that follows a run', () => {
  it('grows with the items, in batches and in order', async () => {
    const store = new Rows();
    const follower = await follow(store);
    store.add(...Array.from({ length: 2_500 }, (_, n) => ({ n })));
    await follower.poll();
    store.add({ n: 2_500 });
    await follower.finish();
    expect(lines().map((line) => (JSON.parse(line) as { n: number }).n)).toEqual(
      Array.from({ length: 2_501 }, (_, n) => n),
    );
    expect(follower.rows).toBe(2_501);
  });

  it('is cut back to its offset when it is taken up again', async () => {
    const store = new Rows();
    store.add({ n: 1 }, { n: 2 });
    await (await follow(store)).poll();
    appendFileSync(path, '{"n":3}\n{"n":'); // Rows behind the offset, the last one in the middle.
    store.add({ n: 3 }, { n: 4 });
    const resumed = await follow(store);
    expect(resumed.rows).toBe(2);
    await resumed.finish();
    expect(lines()).toEqual(['{"n":1}', '{"n":2}', '{"n":3}', '{"n":4}']);
  });

  it.each([
    ['gone', () => rmSync(path)],
    ['shorter', () => writeFileSync(path, '{"n"')],
    ['another of the same length', () => writeFileSync(path, readFileSync(path, 'utf8').replaceAll('n', 'm'))],
  ])('is written anew when the file is %s', async (_what, change) => {
    const store = new Rows();
    store.add({ n: 1 }, { n: 2 });
    await (await follow(store)).finish();
    change();
    await (await follow(store)).finish();
    expect(lines()).toEqual(['{"n":1}', '{"n":2}']);
  });

  it('is written anew when rows that stand in it were withdrawn, during the run or before it was taken up', async () => {
    const store = new Rows();
    store.add({ n: 1 }, { n: 2 }, { n: 3 });
    const follower = await follow(store);
    await follower.poll();
    store.withdraw(2);
    store.add({ n: 4 });
    await follower.finish();
    expect(lines()).toEqual(['{"n":2}', '{"n":3}', '{"n":4}']);
    store.withdraw(4);
    await (await follow(store)).finish();
    expect(lines()).toEqual(['{"n":3}', '{"n":4}']);
  });

  it('appends nothing twice when the process dies between the rows and their offset', async () => {
    const store = new Rows();
    store.add({ n: 1 });
    const dying = await follow(store);
    store.saveExport = () => Promise.reject(new Error('killed'));
    await expect(dying.poll()).rejects.toThrow('killed');
    expect(lines()).toEqual(['{"n":1}']);
    const fresh = new Rows();
    fresh.add({ n: 1 }, { n: 2 });
    await (await follow(fresh)).finish();
    expect(lines()).toEqual(['{"n":1}', '{"n":2}']);
  });

  it('gets a new column by being written anew, once for all there are', async () => {
    const store = new Rows();
    store.add({ a: 1 });
    const follower = await follow(store, 'csv');
    await follower.poll();
    expect(lines()).toEqual(['a', '1']);
    store.add({ a: 2, b: 3 }, { c: 4 });
    await follower.poll();
    expect(lines()).toEqual(['a,b,c', '1,,', '2,3,', ',,4']);
    store.add({ a: 5 });
    await (await follow(store, 'csv')).finish();
    expect(lines()).toEqual(['a,b,c', '1,,', '2,3,', ',,4', '5,,']);
  });

  it('does not spend the run on columns that keep coming', async () => {
    const store = new Rows();
    let nowMs = 0;
    const follower = await follow(store, 'csv', () => {
      nowMs += 50;
      return nowMs;
    });
    store.add({ a: 1 });
    await follower.poll();
    store.add({ b: 2 });
    await follower.poll();
    expect(lines()[0]).toBe('a,b');
    store.add({ c: 3 });
    await follower.poll();
    expect(lines()[0]).toBe('a,b');
    await follower.finish();
    expect(lines()).toEqual(['a,b,c', '1,,', ',2,', ',,3']);
  });
});

describe('a sink', () => {
  it('says what is wrong before anything is written', async () => {
    await expect(FileSink.open(join(folder, 'no/such/folder.jsonl'))).rejects.toMatchObject({
      code: 'cli.unwritable_output',
      message: expect.stringContaining('its folder does not exist'),
    });
    await expect(FileSink.open(folder)).rejects.toThrow(/it is a folder/);
  });

  it('says that the disk is full', async () => {
    const full = await FileSink.open('/dev/full');
    sinks.push(full);
    expect(full.isFile).toBe(false);
    await expect(full.append(Buffer.from('x'))).rejects.toMatchObject({ code: 'output.disk_full' });
  });
});
