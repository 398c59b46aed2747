/**
 * CSV by RFC 4180: lines end in CRLF, and a cell with a comma, a quote or a line break is quoted. Reports and items are
 * written by it.
 */
import { stringify } from 'csv-stringify/sync';

/**
 * Text that a spreadsheet would treat as a formula although blanks come first; csv-stringify recognises it at the very beginning
 * only.
 */
const FORMULA_AFTER_BLANKS = /^[\s\ufeff]+[=+\-@\uff1d\uff0b\uff0d\uff20]/u;

/**
 * The lines of a table. Objects and lists are JSON; null and undefined are empty. Unless the cells are to be raw, text that a
 * spreadsheet would execute (`=HYPERLINK(…)`, also after blanks) gets a leading apostrophe; a negative number stays a number.
 */
export function csvLines(lines: readonly (readonly unknown[])[], isRaw = false): string {
  return stringify(lines as unknown[][], {
    record_delimiter: '\r\n',
    quote_record_delimiter: true,
    escape_formulas: !isRaw,
    // A line with a single empty cell would read as no line.
    quoted_empty: lines[0]?.length === 1,
    cast: {
      boolean: String,
      date: (date) => date.toISOString(),
      number: String,
      object: (value) => JSON.stringify(value),
      string: (text) => (!isRaw && FORMULA_AFTER_BLANKS.test(text) ? `'${text}` : text).toWellFormed(),
    },
  });
}

/** The cells of the first line of a CSV file; undefined if the text does not contain all of it. */
export function firstLine(text: string): readonly string[] | undefined {
  const cells: string[] = [];
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n)/y;
  cell.lastIndex = text.startsWith('\ufeff') ? 1 : 0;
  for (;;) {
    const [whole, quoted, plain = '', end] = cell.exec(text) ?? [];
    if (whole === undefined) return undefined;
    cells.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (end !== ',') return cells;
  }
}
