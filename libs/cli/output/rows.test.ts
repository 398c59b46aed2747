import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { StoredItem } from '../../store/port.ts';
import { firstLine } from './csv-lines.ts';
import { parseOutput, requireNoOutput } from './output-option.ts';
import { CsvRows, jsonlRows } from './rows.ts';

const item = (data: unknown, type = 'product'): StoredItem => ({
  seq: 1,
  moduleId: 'm@1.0.0',
  type,
  data: JSON.stringify(data),
  revision: 1,
});

describe('JSON lines', () => {
  it('are the bare items of a module with one type', () => {
    expect(jsonlRows(false).rows([item({ type: 'own', a: 1 })])).toBe('{"type":"own","a":1}\n');
  });

  it('carry the type where there are several', () => {
    const { rows } = jsonlRows(true);
    expect(rows([item({ a: 1 })])).toBe('{"type":"product","a":1}\n');
    expect(rows([item({})])).toBe('{"type":"product"}\n');
    expect(rows([item({ a: { type: 'inner' } })])).toBe('{"type":"product","a":{"type":"inner"}}\n');
  });

  it('lose nothing of an item with a type of its own, or one that is no object', () => {
    const { rows } = jsonlRows(true);
    expect(JSON.parse(rows([item({ type: 'own', a: 1 })]))).toEqual({ type: 'product', item: { type: 'own', a: 1 } });
    expect(JSON.parse(rows([item([1])]))).toEqual({ type: 'product', item: [1] });
  });
});

describe('rows of a module that opens early', () => {
  const second = (data: unknown): StoredItem => ({ ...item(data), revision: 2 });

  it('carry the revision, which an own field of this name does not lose', () => {
    expect(jsonlRows(false, true).rows([item({ a: 1 }), second({ a: 2 })])).toBe(
      '{"revision":1,"a":1}\n{"revision":2,"a":2}\n',
    );
    expect(jsonlRows(true, true).rows([second({ a: 2 })])).toBe('{"revision":2,"type":"product","a":2}\n');
    expect(jsonlRows(true, true).rows([second({ revision: 7 })])).toBe(
      '{"revision":2,"type":"product","item":{"revision":7}}\n',
    );
  });

  it('have a column for it', () => {
    const rows = new CsvRows({ hasRevisions: true });
    const items = [item({ a: 1 }), second({ a: 2 })];
    rows.learn(items);
    expect(rows.header() + rows.rows(items)).toBe('revision,a\r\n1,1\r\n2,2\r\n');
  });
});

describe('CSV', () => {
  const csv = (items: readonly StoredItem[], isRaw = false): string => {
    const rows = new CsvRows({ isRaw });
    rows.learn(items);
    return rows.header() + rows.rows(items);
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

  it('guards cells that a spreadsheet would execute, and leaves numbers alone', () => {
    const cells = ['=HYPERLINK("http://a.example")', '+49 30', '-1', '@SUM(1)', '\t=1', '  =1', '＝1', 'a=b', -1, -2.5];
    const items = cells.map((cell) => item({ cell }));
    expect(csv(items).split('\r\n').slice(1, -1)).toEqual([
      ...['"\'=HYPERLINK(""http://a.example"")"', "'+49 30", "'-1", "'@SUM(1)", "'\t=1", "'  =1", "'＝1"],
      ...['a=b', '-1', '-2.5'],
    ]);
  });

  it('guards the names of columns too, which may come from a page', () => {
    expect(csv([item({ '=1+1': 1 })])).toBe("'=1+1\r\n1\r\n");
  });

  it('leaves cells as they are with --csv raw', () => {
    const rows = new CsvRows({ isRaw: true });
    rows.learn([item({ cell: '=1', other: 1 })]);
    expect(rows.rows([item({ cell: '=1', other: '-x' })])).toBe('=1,-x\r\n');
    expect(JSON.parse(rows.layout())).toEqual({ format: 'csv', columns: ['cell', 'other'], raw: true });
  });

  it('under the columns of a file refuses a field without a column', () => {
    const rows = new CsvRows({ columns: ['a', 'b'], appendsTo: 'x.csv' });
    rows.learn([item({ b: 1 })]);
    expect(rows.header() + rows.rows([item({ b: 1 })])).toBe(',1\r\n');
    expect(() => rows.learn([item({ c: 1 })])).toThrow(/has a field "c", but x\.csv has no such column/);
  });

  it('reads the columns of a file', () => {
    expect(firstLine('\ufeffa,"b ""x"",y",c\r\n1,2,3')).toEqual(['a', 'b "x",y', 'c']);
    expect(firstLine('a\n')).toEqual(['a']);
    expect(firstLine('a,b')).toBeUndefined();
  });

  it('has one column for items that are no objects, and no empty lines', () => {
    expect(csv([item('x'), item(''), item(null)])).toBe('value\r\nx\r\n""\r\n""\r\n');
  });

  it('keeps the columns that it had, and tells its layout', () => {
    const rows = new CsvRows({ columns: ['a'] });
    rows.learn([item({ b: 2, a: 1 })]);
    expect(JSON.parse(rows.layout())).toEqual({ format: 'csv', columns: ['a', 'b'] });
  });

  it('gives back every text with --csv raw', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme' }), { minLength: 1, maxLength: 5 }), (texts) => {
        const fields = Object.fromEntries(texts.map((text, at) => [`f${at}`, text]));
        const [, row] = readCsv(csv([item(fields)], true));
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
    expect(parseOutput('/a/b.JSONL', {})).toEqual({
      ...{ path: '/a/b.JSONL', format: 'jsonl', foreign: 'refuse', isRaw: false },
    });
    expect(parseOutput('/a/b.csv', {}).format).toBe('csv');
    expect(parseOutput('-', {})).toMatchObject({ path: '-', format: 'jsonl' });
    expect(parseOutput('/dev/full', { format: 'csv' }).format).toBe('csv');
    expect(() => parseOutput('/a/b.xlsx', {})).toThrow(/does not show its format/);
  });

  it('takes one of --append and --overwrite, for a file, and --csv for CSV', () => {
    expect(parseOutput('/a/b.csv', { append: true }).foreign).toBe('append');
    expect(parseOutput('/a/b.csv', { overwrite: true, csv: 'raw' })).toMatchObject({
      foreign: 'overwrite',
      isRaw: true,
    });
    expect(() => parseOutput('/a/b.csv', { append: true, overwrite: true })).toThrow(/cannot be used together/);
    expect(() => parseOutput('-', { append: true })).toThrow(/standard output/);
    expect(() => parseOutput('/a/b.jsonl', { csv: 'raw' })).toThrow(/--csv is about CSV/);
    expect(() => requireNoOutput({ append: true })).toThrow(/--append cannot be used without -o/);
    expect(() => requireNoOutput({})).not.toThrow();
  });
});
