import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CatenaError } from '../../errors/catena-error.ts';
import type { StoredItem } from '../../store/port.ts';
import { CsvRows, jsonlRows, type RowFormat } from '../output/rows.ts';
import { streamSink } from '../output/sink.ts';
import { ItemOutput, type ReadItems } from './item-output.ts';

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

function into(read: ReadItems, newFormat: () => RowFormat = () => jsonlRows(false)): ItemOutput {
  return new ItemOutput({ path, openStream: () => Promise.reject(new Error('there is a path')), newFormat, read });
}

describe('a file of items from a server', () => {
  it('takes the place of what stood there once it is whole, and grows from then on', async () => {
    writeFileSync(path, 'before\n');
    const seen: string[] = [];
    const look = (): void => void seen.push(readFileSync(path, 'utf8'));
    const read = scripted([item(1, { a: 1 }), look, item(2, { a: 2 })], [look, item(5, { a: 5 }), look]);
    const output = into(read);
    await output.follow(Promise.resolve());
    expect(seen).toEqual(['before\n', '{"a":1}\n{"a":2}\n', '{"a":1}\n{"a":2}\n{"a":5}\n']);
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
    });
    await output.follow(Promise.resolve());
    expect(text).toBe('{"a":1}\n{"a":2}\n{"a":4}\n');
  });
});
