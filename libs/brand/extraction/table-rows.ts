/** Markdown tables as lists: a row is an item, and the first column that names a brand in some row holds the heads. */
import type { Mention } from './brand.ts';
import type { ListGroup, ListItem } from './list-groups.ts';
import { within } from './mentions-within.ts';
import type { Meter } from './meter.ts';
import { linesOf, type Span } from './text-spans.ts';

const RULE = /^\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*){0,30}\|?\s*$/;
const MAX_ROW_UNITS = 4_000;
const RANK_COLUMN = /^[\s*_]*(?:排名|名次|排行|位次|rank(?:ing)?|no\.?|#)[\s*_]*$/i;
const RANK_CELL = /^[\s*_]*(?:第|no\.?|top|#)?\s*(\d{1,3})\s*(?:名|位)?[\s*_]*$/i;

interface Table {
  readonly header: readonly Span[];
  readonly rows: (readonly Span[])[];
  readonly intro: string;
}

/** The tables of a text; `mentions` tell which column is about brands. */
export function tableGroups(
  text: string,
  skips: (offset: number) => boolean,
  mentions: readonly Mention[],
  meter: Meter,
): ListGroup[] {
  return tablesIn(text, skips, meter)
    .filter(({ rows }) => rows.length > 0)
    .map((table) => ({
      kind: 'table',
      level: 0,
      items: itemsOf(text, table, mentions),
      parent: undefined,
      indented: false,
      intro: table.intro,
    }));
}

function tablesIn(text: string, skips: (offset: number) => boolean, meter: Meter): Table[] {
  const tables: Table[] = [];
  const lines = linesOf(text);
  let open: Table | undefined;
  for (const [index, line] of lines.entries()) {
    meter.steps += 1;
    const isRow = line.end - line.start <= MAX_ROW_UNITS && text.slice(line.start, line.end).includes('|');
    const header = lines[index - 1];
    if (!isRow || skips(line.start)) open = undefined;
    else if (header !== undefined && RULE.test(text.slice(line.start, line.end))) {
      const isHeader = header.end - header.start <= MAX_ROW_UNITS;
      open = { header: isHeader ? cellsOf(text, header) : [], rows: [], intro: introOf(text, lines[index - 2]) };
      tables.push(open);
    } else open?.rows.push(cellsOf(text, line));
  }
  return tables;
}

function itemsOf(text: string, { header, rows }: Table, mentions: readonly Mention[]): ListItem[] {
  const headed = header.findIndex(({ start, end }) => RANK_COLUMN.test(text.slice(start, end)));
  const rankColumn = Math.max(0, headed);
  const brandColumn = firstNaming(rows, mentions);
  return rows.flatMap((cells) => {
    const [first, last] = [cells[0], cells.at(-1)];
    if (first === undefined || last === undefined) return [];
    const rank = cells[rankColumn];
    const number = rank === undefined ? null : RANK_CELL.exec(text.slice(rank.start, rank.end));
    const words = cells[brandColumn] ?? { start: last.end, end: last.end };
    const item = { start: first.start, end: last.end, parent: undefined, level: 0 };
    return [{ ...item, number: number === null ? null : Number(number[1]), words }];
  });
}

/** The first column in which some row names a brand; 0 when none does. */
function firstNaming(rows: readonly (readonly Span[])[], mentions: readonly Mention[]): number {
  let column = Infinity;
  for (const cells of rows) {
    const index = cells.findIndex(({ start, end }) => within(mentions, start, end).length > 0);
    if (index !== -1) column = Math.min(column, index);
  }
  return Number.isFinite(column) ? column : 0;
}

function cellsOf(text: string, { start, end }: Span): Span[] {
  const cells: Span[] = [];
  let from = start;
  for (let at = start; at <= end; at += 1) {
    if (at < end && text.charAt(at) !== '|') continue;
    const isEdge = (from === start || at === end) && text.slice(from, at).trim() === '';
    if (!isEdge) cells.push({ start: from, end: at });
    from = at + 1;
  }
  return cells;
}

function introOf(text: string, line: Span | undefined): string {
  return line === undefined ? '' : text.slice(line.start, Math.min(line.end, line.start + 200));
}
