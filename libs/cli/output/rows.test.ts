import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { StoredItem } from '../../store/port.ts';
import { parseOutput } from './output-option.ts';
import { CsvRows, jsonlRows } from './rows.ts';

const item = (data: unknown, type = 'product'): StoredItem => ({
  seq: 1,
  moduleId: 'm@1.0.0',
  type,
  data: JSON.stringify(data),
});

describe('JSON lines', () => {
  it('are the bare items of a module with one type', () => {
    expect(jsonlRows(false).row(item({ type: 'own', a: 1 }))).toBe('{"type":"own","a":1}\n');
  });

  it('carry the type where there are several', () => {
    const { row } = jsonlRows(true);
    expect(row(item({ a: 1 }))).toBe('{"type":"product","a":1}\n');
    expect(row(item({}))).toBe('{"type":"product"}\n');
    expect(row(item({ a: { type: 'inner' } }))).toBe('{"type":"product","a":{"type":"inner"}}\n');
  });

  it('lose nothing of an item with a type of its own, or one that is no object', () => {
    const { row } = jsonlRows(true);
    expect(JSON.parse(row(item({ type: 'own', a: 1 })))).toEqual({ type: 'product', item: { type: 'own', a: 1 } });
    expect(JSON.parse(row(item([1])))).toEqual({ type: 'product', item: [1] });
  });
});

describe('CSV', () => {
  const csv = (items: readonly StoredItem[]): string => {
    const rows = new CsvRows();
    rows.learn(items);
    return rows.header() + items.map((each) => rows.row(each)).join('');
  };

  it('quotes what has to be quoted, and ends lines in CRLF', () => {
    const items = [item({ a: 'x,y', b: 'say "hi"', c: 'two\nlines', d: ' plain ' })];
    expect(csv(items)).toBe('a,b,c,d\r\n"x,y","say ""hi""","two\nlines", plain \r\n');
  });

  it('has a column for every field, in the order of appearance, and nothing for what is missing', () => {
    expect(csv([item({ a: 1 }), item({ b: true, a: null }), item({ c: { d: [1] } })])).toBe(
      'a,b,c\r\n1,,\r\n,true,\r\n,,"{""d"":[1]}"\r\n',
    );
  });

  it('has one column for items that are no objects, and no empty lines', () => {
    expect(csv([item('x'), item(''), item(null)])).toBe('value\r\nx\r\n""\r\n""\r\n');
  });

  it('keeps the columns that it had, and tells its layout', () => {
    const rows = new CsvRows(['a']);
    rows.learn([item({ b: 2, a: 1 })]);
    expect(JSON.parse(rows.layout())).toEqual({ format: 'csv', columns: ['a', 'b'] });
  });

  it('gives back every text', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme' }), { minLength: 1, maxLength: 5 }), (texts) => {
        const fields = Object.fromEntries(texts.map((text, at) => [`f${at}`, text]));
        const [, row] = readCsv(csv([item(fields)]));
        expect(row).toEqual(texts);
      }),
    );
  });
});

/** A reader of RFC 4180, character by character. */
function readCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = '';
  let isQuoted = false;
  for (let at = 0; at < text.length; at++) {
    const char = text[at]!;
    if (isQuoted && char === '"' && text[at + 1] === '"') cell += text[++at];
    else if (char === '"') isQuoted = !isQuoted;
    else if (!isQuoted && char === ',') {
      row.push(cell);
      cell = '';
    } else if (!isQuoted && char === '\r' && text[at + 1] === '\n') {
      rows.push([...row, cell]);
      row = [];
      cell = '';
      at++;
    } else cell += char;
  }
  return rows;
}

describe('-o', () => {
  it('tells the format by the name, or by --format', () => {
    expect(parseOutput('/a/b.JSONL', undefined)).toEqual({ path: '/a/b.JSONL', format: 'jsonl' });
    expect(parseOutput('/a/b.csv', undefined).format).toBe('csv');
    expect(parseOutput('-', undefined)).toEqual({ path: '-', format: 'jsonl' });
    expect(parseOutput('/dev/full', 'csv').format).toBe('csv');
    expect(() => parseOutput('/a/b.xlsx', undefined)).toThrow(/does not show its format/);
  });
});
