import { describe, expect, it } from 'vitest';
import { csvLines } from '../../cli/output/csv-lines.ts';
import { CSV_COLUMNS, reportCsv } from './csv.ts';
import { reported } from './report.fixture.ts';

/** A cell beside another one. */
const csvCell = (value: unknown): string => csvLines([[value, 0]]).slice(0, -',0\r\n'.length);

describe('a cell', () => {
  it.each([
    ['=1+1', "'=1+1"],
    ['+86 10', "'+86 10"],
    ['-5', "'-5"],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['  =cmd|calc', "'  =cmd|calc"],
    ['\t=1', "'\t=1"],
    ['＝1', "'＝1"],
    ['a=b', 'a=b'],
    ['', ''],
  ])('of text that a spreadsheet would calculate is made text: %j', (text, cell) => {
    expect(csvCell(text)).toBe(cell);
  });

  it('of a number stays one, a negative one too', () => {
    expect([csvCell(-0.5), csvCell(0), csvCell(null), csvCell(false)]).toEqual(['-0.5', '0', '', 'false']);
  });

  it('with commas, quotes or line breaks is quoted', () => {
    expect(csvCell('a,"b"\r\nc')).toBe('"a,""b""\r\nc"');
    expect(csvCell('=HYPERLINK("http://a.test")')).toBe(`"'=HYPERLINK(""http://a.test"")"`);
  });
});

/** RFC 4180, written against the text and not against the writer. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = [];
  for (const line of text.matchAll(/((?:"(?:[^"]|"")*"|[^",\r\n]*)(?:,(?:"(?:[^"]|"")*"|[^",\r\n]*))*)\r\n/g)) {
    const cells = [...(line[1] ?? '').matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^",]*))/g)];
    rows.push(cells.map((cell) => (cell[1] === undefined ? (cell[2] ?? '') : cell[1].replaceAll('""', '"'))));
  }
  return rows;
}

describe('the CSV of a report', () => {
  const run = reported({
    reply: (question, model) =>
      model === 'zhipu' && question.includes('last')
        ? { error: 'rate_limit' }
        : '1. **Bolt**: the best, "really".\n2. **Apex**: terrible quality, avoid.\n',
  });
  const text = reportCsv(run);
  const rows = parseCsv(text.slice(1));
  const cellsOf = (row: readonly string[] | undefined) =>
    Object.fromEntries(CSV_COLUMNS.map((column, at) => [column, row?.[at]]));

  it('says that it is UTF-8, for spreadsheets', () => {
    expect(text.startsWith('\ufeff')).toBe(true);
  });

  it('has a row for each call and brand, all of the same width', () => {
    expect(rows).toHaveLength(1 + 4 * 3);
    expect(new Set(rows.map((row) => row.length))).toEqual(new Set([CSV_COLUMNS.length]));
    expect(rows[0]).toEqual([...CSV_COLUMNS]);
  });

  it('tells what the answer says of the brand', () => {
    expect(cellsOf(rows[2])).toMatchObject({
      ...{ run_id: 'run-1', model: 'qwen', status: 'whole', brand: 'Bolt', is_main: 'false', mentioned: 'true' },
      ...{ rank: '1', rank_source: 'list', evidence: '1. **Bolt**: the best, "really".', error_type: '' },
    });
  });

  it('leaves empty what is not known: a failed call says nothing of any brand', () => {
    const failed = rows.map(cellsOf).filter(({ status }) => status === 'failed');
    expect(failed).toHaveLength(3);
    for (const row of failed) {
      expect(row).toMatchObject({ error_type: 'rate_limit', mentioned: '', rank: '', sentiment_score: '' });
    }
  });
});
