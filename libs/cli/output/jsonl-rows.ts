import type { StoredItem } from '../../store/port.ts';
import type { RowFormat } from './row-format.ts';

/**
 * One JSON value per line. A module with one type of item gives the bare item; with several, each object gets its `type`
 * in front. An item that has a `type` of its own, or is no object, then stands in `item` beside it.
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
