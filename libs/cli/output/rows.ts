import type { StoredItem } from '../../store/port.ts';

/** Formats items as lines of a file. */
export interface RowFormat {
  /** Whether later rows may need a layout that rows already written do not fit. */
  readonly canGrow: boolean;
  /** The text before the first row. */
  header(): string;
  /** Extends the layout for these rows; rows written before may then no longer fit it. */
  learn(items: readonly StoredItem[]): void;
  /** A line, with its line ending. */
  row(item: StoredItem): string;
  /** The layout for a later process; JSON. */
  layout(): string;
}

/**
 * One JSON value per line. A module with one type of item gives the bare item; with several, each object gets a first
 * field `type`. An item that has its own `type`, or is no object, is then put into a field `item` beside it.
 */
export function jsonlRows(hasSeveralTypes: boolean): RowFormat {
  return {
    canGrow: false,
    header: () => '',
    learn: () => {},
    row: hasSeveralTypes ? typedRow : (item) => `${item.data}\n`,
    layout: () => JSON.stringify({ format: 'jsonl', hasSeveralTypes }),
  };
}

function typedRow({ type, data }: StoredItem): string {
  const named = `{"type":${JSON.stringify(type)}`;
  if (!data.startsWith('{') || hasOwnType(data)) return `${named},"item":${data}}\n`;
  return data === '{}' ? `${named}}\n` : `${named},${data.slice(1)}\n`;
}

function hasOwnType(data: string): boolean {
  return data.includes('"type"') && Object.hasOwn(JSON.parse(data) as object, 'type');
}

/** The column of an item that is no object. */
const VALUE_COLUMN = 'value';

/**
 * CSV by RFC 4180: lines end in CRLF, and a cell with a comma, a quote or a line break is quoted. Columns are the
 * fields of the items, in the order in which they first appear; objects and lists are JSON, null and missing fields are
 * empty.
 */
export class CsvRows implements RowFormat {
  readonly canGrow = true;
  readonly #columns: string[];

  constructor(columns: readonly string[] = []) {
    this.#columns = [...columns];
  }

  header(): string {
    return this.#columns.length === 0 ? '' : line(this.#columns);
  }

  learn(items: readonly StoredItem[]): void {
    const known = new Set(this.#columns);
    for (const { data } of items) {
      for (const name of Object.keys(fieldsOf(data))) {
        if (known.has(name)) continue;
        known.add(name);
        this.#columns.push(name);
      }
    }
  }

  row({ data }: StoredItem): string {
    const fields = fieldsOf(data);
    return line(this.#columns.map((name) => (Object.hasOwn(fields, name) ? cell(fields[name]) : '')));
  }

  layout(): string {
    return JSON.stringify({ format: 'csv', columns: this.#columns });
  }
}

function fieldsOf(data: string): Readonly<Record<string, unknown>> {
  const value: unknown = JSON.parse(data);
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? (value as Record<string, unknown>) : { [VALUE_COLUMN]: value };
}

function cell(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function line(cells: readonly string[]): string {
  // Quoted, because a line with a single empty cell would read as no row.
  if (cells.length === 1 && cells[0] === '') return '""\r\n';
  return `${cells.map(quoted).join(',')}\r\n`;
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
