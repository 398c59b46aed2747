import { lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CatenaError } from '../../errors/catena-error.ts';
import type { StoredItem } from '../../store/port.ts';
import { type NewFormat, targetOf } from '../output/own-file.ts';
import { CsvRows, jsonlRows } from '../output/rows.ts';
import { streamSink } from '../output/sink.ts';
import { ItemOutput, type ItemOutputOptions, type ReadItems } from './item-output.ts';

let folder = '';
let path = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'catena-output-'));
  path = join(folder, 'out.jsonl');
});
afterEach(() => rmSync(folder, { recursive: true }));

const item = (seq: number, data: object): StoredItem => ({
  seq,
  moduleId: 'm',
  type: 'row',
  data: JSON.stringify(data),
  revision: 1,
});
const withdrawn = (): CatenaError => new CatenaError('api.items_withdrawn', 'gone');

/** Answers one script after the other, one per call; a function among the items is called when it is reached. */
function scripted(...scripts: (StoredItem | CatenaError | (() => void))[][]): ReadItems & { calls: unknown[] } {
  const calls: unknown[] = [];
  const read: ReadItems = async function* (afterSeq, follow) {
    const script = scripts[calls.length] ?? [];
    calls.push([afterSeq, follow]);
    for (const step of script) {
      if (step instanceof Error) throw step;
      if (typeof step === 'function') step();
      else yield [step];
    }
  };
  return Object.assign(read, { calls });
}

function into(
  read: ReadItems,
  newFormat: NewFormat = () => jsonlRows(false),
  file: Pick<ItemOutputOptions, 'foreign' | 'isOld'> = { foreign: 'refuse', isOld: true },
): ItemOutput {
  return new ItemOutput({
    path,
    openStream: () => Promise.reject(new Error('there is a path')),
    newFormat,
    read,
    ...file,
  });
}

describe('a file of items from a server', () => {
  it('takes the place of what stood there once it is whole, and grows from then on', async () => {
    writeFileSync(path, '{"a":1}\n{"a"');
    const seen: string[] = [];
    const look = (): void => void seen.push(readFileSync(path, 'utf8'));
    const read = scripted([item(1, { a: 1 }), look, item(2, { a: 2 })], [look, item(5, { a: 5 }), look]);
    const output = into(read);
    await output.follow(Promise.resolve());
    expect(seen).toEqual(['{"a":1}\n{"a"', '{"a":1}\n{"a":2}\n', '{"a":1}\n{"a":2}\n{"a":5}\n']);
    expect(read.calls).toEqual([
      [0, false],
      [2, true],
    ]);
    expect([output.rows, output.countByType.get('row'), readdirSync(folder)]).toEqual([3, 3, ['out.jsonl']]);
  });

  it('is made anew when rows were withdrawn that stand in it', async () => {
    const read = scripted(
      [item(1, { a: 1 }), item(2, { a: 2 })],
      [item(3, { a: 3 }), withdrawn()],
      [item(2, { a: 2 })],
    );
    const output = into(read);
    await output.follow(Promise.resolve());
    expect([readFileSync(path, 'utf8'), output.rows]).toEqual(['{"a":2}\n', 1]);
  });

  it('that cannot be made whole leaves what stood there', async () => {
    writeFileSync(path, 'before\n');
    const lost = new CatenaError('server.lost', 'silent');
    await expect(into(scripted([item(1, {}), lost])).follow(Promise.resolve())).rejects.toBe(lost);
    expect([readFileSync(path, 'utf8'), readdirSync(folder)]).toEqual(['before\n', ['out.jsonl']]);
  });

  it('with columns is written when all of them are known', async () => {
    const rows = [item(1, { a: 1 }), item(2, { b: 2 })];
    const read = scripted(rows, rows, []);
    const closed = Promise.withResolvers<void>();
    const writing = into(read, () => new CsvRows()).follow(closed.promise);
    expect(read.calls).toEqual([]);
    closed.resolve();
    await writing;
    expect(readFileSync(path, 'utf8')).toBe('a,b\r\n1,\r\n,2\r\n');
  });
});

describe('a file with foreign content', () => {
  const rows = (): ReadItems =>
    async function* read(afterSeq) {
      const all = [item(1, { a: 1 }), item(2, { a: 2 }), item(3, { a: 3 })];
      yield all.filter(({ seq }) => seq > afterSeq);
    };

  it.each(['precious\n', '{"a":1}\nprecious\n', '{"a":1}\n{"a":2}\n{"a":3}\n{"a":4}\n'])(
    'is not replaced by the rows of an old run: %j',
    async (text) => {
      writeFileSync(path, text);
      await expect(into(rows()).follow(Promise.resolve())).rejects.toMatchObject({ code: 'cli.output_exists' });
      expect(readFileSync(path, 'utf8')).toBe(text);
      expect(readdirSync(folder)).toEqual(['out.jsonl']);
    },
  );

  it('is replaced with --overwrite', async () => {
    writeFileSync(path, 'precious\n');
    await into(rows(), undefined, { foreign: 'overwrite', isOld: false }).follow(Promise.resolve());
    expect(readFileSync(path, 'utf8')).toBe('{"a":1}\n{"a":2}\n{"a":3}\n');
  });

  it.each([
    ['nothing of the run yet', 'precious', false],
    ['nothing of an old run yet', 'precious\n', true],
    ['all rows of an old run', 'precious\n{"a":1}\n{"a":2}\n{"a":3}\n', true],
    ['a part of a row of an old run', 'precious\n{"a":1}\n{"a"', true],
  ])('stays before the rows with --append, with %s', async (_what, text, isOld) => {
    writeFileSync(path, text);
    await into(rows(), undefined, { foreign: 'append', isOld }).follow(Promise.resolve());
    expect(readFileSync(path, 'utf8')).toBe('precious\n{"a":1}\n{"a":2}\n{"a":3}\n');
  });

  it('that looks like the first row is kept with --append', async () => {
    writeFileSync(path, '{"a":1}\nprecious\n');
    await into(rows(), undefined, { foreign: 'append', isOld: true }).follow(Promise.resolve());
    expect(readFileSync(path, 'utf8')).toBe('{"a":1}\nprecious\n{"a":1}\n{"a":2}\n{"a":3}\n');
  });

  it('keeps its columns with --append', async () => {
    writeFileSync(path, 'b,a\r\n9,8');
    const format: NewFormat = (_layout, columns) =>
      new CsvRows(columns === undefined ? {} : { columns, appendsTo: path });
    await into(rows(), format, { foreign: 'append', isOld: false }).follow(Promise.resolve());
    expect(readFileSync(path, 'utf8')).toBe('b,a\r\n9,8\n,1\r\n,2\r\n,3\r\n');
  });

  it('behind a symbolic link is what is replaced, not the link', async () => {
    const link = join(folder, 'link.jsonl');
    symlinkSync(path, link);
    writeFileSync(path, '');
    const output = new ItemOutput({
      ...{ path: await targetOf(link), newFormat: () => jsonlRows(false), read: rows() },
      ...{ openStream: () => Promise.reject(new Error('there is a path')), foreign: 'refuse', isOld: false },
    });
    await output.follow(Promise.resolve());
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(readFileSync(path, 'utf8')).toContain('{"a":3}');
  });
});

describe('a stream of items from a server', () => {
  it('holds no row twice, though rows were withdrawn', async () => {
    let text = '';
    const stream = new Writable({
      write(chunk: Buffer, _encoding, done) {
        text += chunk.toString();
        done();
      },
    });
    const output = new ItemOutput({
      path: undefined,
      openStream: async () => streamSink(stream),
      newFormat: () => jsonlRows(false),
      read: scripted([item(1, { a: 1 }), item(2, { a: 2 }), withdrawn()], [item(2, { a: 2 }), item(4, { a: 4 })]),
      foreign: 'refuse',
      isOld: false,
    });
    await output.follow(Promise.resolve());
    expect(text).toBe('{"a":1}\n{"a":2}\n{"a":4}\n');
  });
});
