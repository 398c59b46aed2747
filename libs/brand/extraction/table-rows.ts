/** Markdown tables as lists: a row is an item, its first cell that is no number is the head. */
import type { ListGroup, ListItem } from './list-groups.ts';
import type { Meter } from './meter.ts';
import { linesOf, type Span } from './text-spans.ts';

const RULE = /^\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*){0,30}\|?\s*$/;
const MAX_ROW_UNITS = 4_000;

/** The tables of a text. */
export function tableGroups(text: string, skips: (offset: number) => boolean, meter: Meter): ListGroup[] {
  const groups: ListGroup[] = [];
  const lines = linesOf(text);
  let rows: ListItem[] | undefined;
  for (const [index, line] of lines.entries()) {
    meter.steps += 1;
    const isRow = line.end - line.start <= MAX_ROW_UNITS && text.slice(line.start, line.end).includes('|');
    if (!isRow || skips(line.start)) rows = undefined;
    else if (RULE.test(text.slice(line.start, line.end)) && index > 0) {
      rows = [];
      groups.push({ kind: 'table', level: 0, items: rows, parent: undefined, intro: introOf(text, lines[index - 2]) });
    } else rows?.push(rowItem(text, line));
  }
  return groups.filter(({ items }) => items.length > 0);
}

function rowItem(text: string, line: Span): ListItem {
  const [first, second] = cellsOf(text, line);
  const rank = /^[\s*_]*(?:第|no\.?|top)?\s*(\d{1,3})\s*(?:名|位)?[\s*_]*$/i.exec(text.slice(first?.start, first?.end));
  const head = rank === null ? first : second;
  const words = head ?? { start: line.end, end: line.end };
  return { number: rank === null ? null : Number(rank[1]), words, start: line.start, end: line.end, parent: undefined };
}

function cellsOf(text: string, { start, end }: Span): Span[] {
  const cells: Span[] = [];
  let from = start;
  for (let at = start; at <= end; at += 1) {
    if (at < end && text.charAt(at) !== '|') continue;
    if (at > from && (from > start || text.slice(from, at).trim() !== '')) cells.push({ start: from, end: at });
    from = at + 1;
  }
  return cells;
}

function introOf(text: string, line: Span | undefined): string {
  return line === undefined ? '' : text.slice(line.start, Math.min(line.end, line.start + 200));
}
