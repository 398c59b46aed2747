import type { Writable } from 'node:stream';
import { CatenaError } from '../../errors/catena-error.ts';
import { FileSink } from './file-sink.ts';
import type { OutputOption } from './output-option.ts';
import type { NewFormat } from './own-file.ts';
import { CsvRows, jsonlRows } from './rows.ts';
import { type Sink, streamSink } from './sink.ts';

export function openSink({ path }: OutputOption, stdout: Writable): Promise<Sink> {
  return path === '-' ? Promise.resolve(streamSink(stdout)) : FileSink.open(path);
}

/**
 * The type of item that an output is limited to; undefined for all. Throws `cli.unknown_item_type`, and `cli.which_items`
 * for a table if there are several types: each has its own columns.
 */
export function chooseItemType(
  { format }: OutputOption,
  itemTypes: readonly string[],
  wanted: string | undefined,
  option: string,
): string | undefined {
  if (wanted !== undefined && !itemTypes.includes(wanted)) {
    throw new CatenaError('cli.unknown_item_type', `there is no type of item "${wanted}"`, {
      remedy: itemTypes.length === 0 ? 'the module has no items' : `there are ${itemTypes.join(', ')}`,
    });
  }
  if (format === 'csv' && wanted === undefined && itemTypes.length > 1) {
    throw new CatenaError(
      'cli.which_items',
      `a CSV file contains one type of item, but there are ${itemTypes.join(', ')}`,
      {
        remedy: `choose one with ${option}, or write .jsonl`,
      },
    );
  }
  return wanted;
}

/** Creates the format of an output; `layout` is what an earlier process saved. `hasRevisions`: each revision of an item is a row. */
export function rowFormat(
  { format, path, isRaw }: OutputOption,
  itemTypes: readonly string[],
  type: string | undefined,
  hasRevisions = false,
): NewFormat {
  if (format === 'jsonl') return () => jsonlRows(itemTypes.length > 1 && type === undefined, hasRevisions);
  return (layout, columns) => {
    const own = { columns: columns ?? columnsIn(layout), isRaw, hasRevisions };
    return new CsvRows(columns === undefined ? own : { ...own, appendsTo: path });
  };
}

function columnsIn(layout: string | undefined): readonly string[] {
  const saved = layout === undefined ? {} : (JSON.parse(layout) as { readonly columns?: readonly string[] });
  return saved.columns ?? [];
}
