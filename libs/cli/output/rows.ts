import { CatenaError } from '../../errors/catena-error.ts';
import type { StoredItem } from '../../store/port.ts';
import { csvLines } from './csv-lines.ts';

/** Formats items as lines of a file. */
export interface RowFormat {
  /** Whether later rows may need a layout that rows already written do not fit. */
  readonly canGrow: boolean;
  /** Whether each revision of an item is a row; else the newest alone. */
  readonly hasRevisions: boolean;
  /** The text before the first row. */
  header(): string;
  /** Extends the layout for these rows; rows written before may then no longer fit it. */
  learn(items: readonly StoredItem[]): void;
  /** A line for each item, with its line ending. */
  rows(items: readonly StoredItem[]): string;
  /** The layout for a later process; JSON. */
  layout(): string;
}

/** The field and the column of an item's revision. */
const REVISION = 'revision';

/**
 * One JSON value per line. A module with one type of item gives the bare item; with several, each object gets a first
 * field `type`. An item that has its own `type`, or is no object, is then put into a field `item` beside it. The same holds for
 * the field `revision`, which items of a module with `early` get.
 */
export function jsonlRows(hasSeveralTypes: boolean, hasRevisions = false): RowFormat {
  const names = [...(hasRevisions ? [REVISION] : []), ...(hasSeveralTypes ? ['type'] : [])];
  const row = names.length > 0 ? labelled(names) : ({ data }: StoredItem): string => `${data}\n`;
  return {
    canGrow: false,
    hasRevisions,
    header: () => '',
    learn: () => {},
    rows: (items) => items.map(row).join(''),
    layout: () => JSON.stringify({ format: 'jsonl', hasSeveralTypes, ...(hasRevisions ? { hasRevisions } : {}) }),
  };
}

/** Rows that begin with these fields of the stored item. */
function labelled(names: readonly string[]): (item: StoredItem) => string {
  return ({ type, revision, data }) => {
    const labels = { type, revision } as const;
    const fields = names.map(
      (name) => `${JSON.stringify(name)}:${JSON.stringify(labels[name as keyof typeof labels])}`,
    );
    const label = `{${fields.join()}`;
    if (!data.startsWith('{') || names.some((name) => hasOwn(data, name))) return `${label},"item":${data}}\n`;
    return data === '{}' ? `${label}}\n` : `${label},${data.slice(1)}\n`;
  };
}

function hasOwn(data: string, name: string): boolean {
  return data.includes(`"${name}"`) && Object.hasOwn(JSON.parse(data) as object, name);
}

/** The column of an item that is no object. */
const VALUE_COLUMN = 'value';

export interface CsvOptions {
  /** The columns of an earlier process. */
  readonly columns?: readonly string[];
  /** Whether cells that a spreadsheet would execute are written as they are. */
  readonly isRaw?: boolean;
  /** The file to which rows are appended under its own columns, which then cannot grow. */
  readonly appendsTo?: string | undefined;
  /** Whether rows have a column `revision`, which an item's own field of this name takes. */
  readonly hasRevisions?: boolean;
}

/**
 * CSV. Columns are the fields of the items, in the order in which they first appear; objects and lists are JSON, null and missing
 * fields are empty.
 */
export class CsvRows implements RowFormat {
  readonly canGrow: boolean;
  readonly hasRevisions: boolean;
  readonly #columns: string[];
  readonly #isRaw: boolean;
  readonly #appendsTo: string | undefined;

  constructor({ columns = [], isRaw = false, appendsTo, hasRevisions = false }: CsvOptions = {}) {
    this.hasRevisions = hasRevisions;
    this.canGrow = appendsTo === undefined;
    this.#columns = [...columns];
    this.#isRaw = isRaw;
    this.#appendsTo = appendsTo;
  }

  header(): string {
    // The names of fields may come from pages too.
    return this.#columns.length === 0 || !this.canGrow ? '' : csvLines([this.#columns], this.#isRaw);
  }

  /** Throws `output.other_columns` if the columns of the file cannot grow. */
  learn(items: readonly StoredItem[]): void {
    const known = new Set(this.#columns);
    for (const item of items) {
      for (const name of Object.keys(this.#fieldsOf(item))) {
        if (known.has(name)) continue;
        if (this.#appendsTo !== undefined) throw otherColumns(this.#appendsTo, name);
        known.add(name);
        this.#columns.push(name);
      }
    }
  }

  rows(items: readonly StoredItem[]): string {
    const lines = items.map((item) => {
      const fields = this.#fieldsOf(item);
      return this.#columns.map((name) => (Object.hasOwn(fields, name) ? fields[name] : undefined));
    });
    return csvLines(lines, this.#isRaw);
  }

  #fieldsOf({ data, revision }: StoredItem): Readonly<Record<string, unknown>> {
    return this.hasRevisions ? { [REVISION]: revision, ...fieldsOf(data) } : fieldsOf(data);
  }

  layout(): string {
    return JSON.stringify({ format: 'csv', columns: this.#columns, ...(this.#isRaw ? { raw: true } : {}) });
  }
}

function fieldsOf(data: string): Readonly<Record<string, unknown>> {
  const value: unknown = JSON.parse(data);
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? (value as Record<string, unknown>) : { [VALUE_COLUMN]: value };
}

function otherColumns(path: string, column: string): CatenaError {
  return new CatenaError('output.other_columns', `an item has a field "${column}", but ${path} has no such column`, {
    data: { output: path, column },
    remedy: 'write to another file, or to .jsonl: the columns of a file to which rows are appended stay as they are',
  });
}
