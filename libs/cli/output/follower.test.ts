import { appendFileSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ExportOffset, RunRecord, StoredItem } from '../../store/port.ts';
import { FileSink } from './file-sink.ts';
import { ItemFollower } from './follower.ts';
import { rowFormat } from './open-output.ts';
import type { ForeignContent } from './output-option.ts';
import { claimFile } from './own-file.ts';

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
  readonly runs: string[] = ['r'];
  withdrawnSeq = Number.POSITIVE_INFINITY;
  saveExport = async (runId: string, name: string, offset: ExportOffset): Promise<void> => {
    this.exports.set(`${runId} ${name}`, offset);
  };

  add(...data: unknown[]): void {
    for (const each of data) {
      const seq = (this.items.at(-1)?.seq ?? 0) + 2;
      this.items.push({ seq, moduleId: 'm', type: 'row', data: JSON.stringify(each), revision: 1 });
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

  findExport = async (runId: string, name: string) => this.exports.get(`${runId} ${name}`);
  listRuns = async () => this.runs.map((runId) => ({ runId }) as RunRecord);
  countItems = async () => this.items.length;
  hasWithdrawnItems = async (_runId: string, upToSeq: number) => this.withdrawnSeq <= upToSeq;
}

interface Followed {
  readonly kind?: 'jsonl' | 'csv';
  readonly now?: () => number;
  readonly foreign?: ForeignContent;
  /** A new run is claimed for without an id. */
  readonly isNew?: boolean;
  readonly runId?: string;
}

async function follow(store: Rows, followed: Followed = {}): Promise<ItemFollower> {
  const { kind = 'jsonl', now = () => 0, foreign = 'refuse', isNew = false, runId = 'r' } = followed;
  const sink = await FileSink.open(path);
  sinks.push(sink);
  const format = rowFormat({ path, format: kind, foreign, isRaw: false }, ['row'], undefined);
  const claim = await claimFile({ sink, store, runId: isNew ? undefined : runId, type: undefined, foreign, format });
  const follower = new ItemFollower({ store, runId, sink, format, monotonicMs: now });
  await follower.open(claim);
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
    store.add({ n: 3 }, { n: 4 });
    appendFileSync(path, '{"n":3}\n{"n":'); // Rows behind the offset, the last one in the middle.
    const resumed = await follow(store);
    expect(resumed.rows).toBe(2);
    await resumed.finish();
    expect(lines()).toEqual(['{"n":1}', '{"n":2}', '{"n":3}', '{"n":4}']);
  });

  it.each([
    ['gone', () => rmSync(path)],
    ['empty', () => writeFileSync(path, '')],
    ['shorter', () => writeFileSync(path, '{"n"')],
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
    const dying = await follow(store, { isNew: true });
    const save = store.saveExport;
    store.saveExport = async (...args) => {
      if (args[2].rows > 0) throw new Error('killed');
      await save(...args);
    };
    await expect(dying.poll()).rejects.toThrow('killed');
    expect(lines()).toEqual(['{"n":1}']);
    store.saveExport = save;
    store.add({ n: 2 });
    await (await follow(store)).finish();
    expect(lines()).toEqual(['{"n":1}', '{"n":2}']);
  });

  it.each(['before the cut', 'after the first rows'])(
    'is recognised when the process dies in a rewrite, %s',
    async (when) => {
      const store = new Rows();
      store.add({ a: 1 });
      const dying = await follow(store, { kind: 'csv' });
      await dying.poll();
      store.add({ b: 2 });
      const save = store.saveExport;
      let saves = 0;
      store.saveExport = async (...args) => {
        // The first one is before the cut, the second before the first row of the new layout, the third after it.
        saves += 1;
        if (saves === 3) throw new Error('killed');
        await save(...args);
        if (saves === 1 && when === 'before the cut') throw new Error('killed');
      };
      await expect(dying.finish()).rejects.toThrow('killed');
      store.saveExport = save;
      store.add({ c: 3 });
      await (await follow(store, { kind: 'csv' })).finish();
      expect(lines()).toEqual(['a,b,c', '1,,', ',2,', ',,3']);
    },
  );

  it('gets a new column by being written anew, once for all there are', async () => {
    const store = new Rows();
    store.add({ a: 1 });
    const follower = await follow(store, { kind: 'csv' });
    await follower.poll();
    expect(lines()).toEqual(['a', '1']);
    store.add({ a: 2, b: 3 }, { c: 4 });
    await follower.poll();
    expect(lines()).toEqual(['a,b,c', '1,,', '2,3,', ',,4']);
    store.add({ a: 5 });
    await (await follow(store, { kind: 'csv' })).finish();
    expect(lines()).toEqual(['a,b,c', '1,,', '2,3,', ',,4', '5,,']);
  });

  it('does not spend the run on columns that keep coming', async () => {
    const store = new Rows();
    let nowMs = 0;
    const follower = await follow(store, {
      kind: 'csv',
      now: () => {
        nowMs += 50;
        return nowMs;
      },
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

describe('what somebody else wrote', () => {
  const untouched = async (text: string, followed?: Followed, store = new Rows()): Promise<void> => {
    await expect(follow(store, followed)).rejects.toMatchObject({
      code: 'cli.output_exists',
      remedy: expect.stringMatching(/--append[\s\S]*--overwrite/),
    });
    expect(readFileSync(path, 'utf8')).toBe(text);
  };

  it.each(['precious', 'precious\n', '{"n":1}\n', '\n'])('is refused before a new run: %j', async (text) => {
    writeFileSync(path, text);
    await untouched(text, { isNew: true });
  });

  it.each([
    ['lines after the rows', (text: string) => `${text}precious\n`],
    ['a row that is not of the run', (text: string) => `${text}{"n":9}\n`],
    ['other text of the same length', (text: string) => text.replaceAll('n', 'm')],
    ['sorted rows', (text: string) => `${text.trimEnd().split('\n').reverse().join('\n')}\n`],
  ])('is refused when a run goes on: %s', async (_what, change) => {
    const store = new Rows();
    store.add({ n: 1 }, { n: 2 });
    await (await follow(store)).finish();
    const text = change(readFileSync(path, 'utf8'));
    writeFileSync(path, text);
    await untouched(text, {}, store);
  });

  it('stays before the rows with --append, also when the run goes on', async () => {
    writeFileSync(path, 'precious');
    const store = new Rows();
    store.add({ n: 1 });
    await (await follow(store, { isNew: true, foreign: 'append' })).poll();
    store.add({ n: 2 });
    await (await follow(store, { foreign: 'append' })).finish();
    expect(lines()).toEqual(['precious', '{"n":1}', '{"n":2}']);
    store.withdraw(2);
    await (await follow(store, { foreign: 'append' })).finish();
    expect(lines()).toEqual(['precious', '{"n":2}']);
  });

  it('keeps its columns with --append', async () => {
    writeFileSync(path, 'b,a\n9,8');
    const store = new Rows();
    store.add({ a: 1, b: 2 });
    await (await follow(store, { isNew: true, foreign: 'append', kind: 'csv' })).poll();
    store.add({ a: 3 });
    await (await follow(store, { foreign: 'append', kind: 'csv' })).finish();
    expect(lines()).toEqual(['b,a', '9,8', '2,1', ',3']);
    store.add({ c: 4 });
    const stopped = (await follow(store, { foreign: 'append', kind: 'csv' })).finish();
    await expect(stopped).rejects.toMatchObject({ code: 'output.other_columns' });
    expect(lines()).toHaveLength(4);
  });

  it('is replaced with --overwrite', async () => {
    writeFileSync(path, 'precious\n');
    const store = new Rows();
    store.add({ n: 1 });
    await (await follow(store, { isNew: true, foreign: 'overwrite' })).finish();
    expect(lines()).toEqual(['{"n":1}']);
  });
});

describe('what an earlier run wrote', () => {
  async function written(): Promise<Rows> {
    const store = new Rows();
    store.runs.push('earlier');
    store.add({ n: 1 });
    await (await follow(store, { runId: 'earlier', isNew: true })).finish();
    return store;
  }

  it('is replaced by a new run, because the store still has it', async () => {
    const store = await written();
    await (await follow(store, { isNew: true })).finish();
    expect(lines()).toEqual(['{"n":1}']);
    expect(store.exports.has(`r ${path}`)).toBe(true);
  });

  it.each([
    ['somebody changed it since', () => utimesSync(path, 1, 1)],
    ['its items were deleted', (store: Rows) => store.items.splice(0)],
    ['it was appended to something', () => writeFileSync(path, 'precious\n{"n":1}\n')],
    ['the store does not know that run', (store: Rows) => store.runs.splice(0)],
  ])('is refused if %s', async (_what, change) => {
    const store = await written();
    change(store);
    await expect(follow(store, { isNew: true })).rejects.toMatchObject({ code: 'cli.output_exists' });
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
