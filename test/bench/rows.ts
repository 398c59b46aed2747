/** Compares what a contestant collected with what there was to collect. */
import { isDeepStrictEqual } from 'node:util';

interface Row {
  readonly sku: string;
}

/** What differs between two multisets of rows, one line per row, at most `limit` of them; empty when they are equal. */
export function differences(collected: readonly unknown[], expected: readonly Row[], limit = 5): string[] {
  const left = bySku(collected as Row[]);
  const right = bySku(expected);
  const lines: string[] = [];
  for (let at = 0, to = 0; at < left.length || to < right.length; ) {
    const got = left[at];
    const wanted = right[to];
    if (wanted === undefined || (got !== undefined && got.sku < wanted.sku)) {
      lines.push(`${got!.sku} is one too many`);
      at += 1;
    } else if (got === undefined || wanted.sku < got.sku) {
      lines.push(`${wanted.sku} is missing`);
      to += 1;
    } else {
      if (!isDeepStrictEqual(got, wanted)) {
        lines.push(`${got.sku} is ${JSON.stringify(got)} instead of ${JSON.stringify(wanted)}`);
      }
      at += 1;
      to += 1;
    }
  }
  return lines.length > limit ? [...lines.slice(0, limit), `and ${lines.length - limit} more`] : lines;
}

function bySku(rows: readonly Row[]): readonly Row[] {
  return rows.toSorted((one, other) => (one.sku < other.sku ? -1 : Number(one.sku > other.sku)));
}
