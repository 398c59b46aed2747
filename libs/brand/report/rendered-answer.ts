/**
 * An answer as a reader sees it: headings, lists, tables and bold text in place of Markdown's signs, with the evidence marked. Only
 * signs are taken away; every word of the answer is there, in its order.
 */
import type { BrandFinding } from '../extraction/extract-answer.ts';
import { type MarkedPiece, markedPieces } from './highlight.ts';
import { html, type Markup } from './html.ts';

type BlockKind = 'heading' | 'item' | 'row' | 'text';

interface Block {
  readonly kind: BlockKind;
  readonly start: number;
  readonly end: number;
  /** Of a list item: how deep it stands. */
  readonly depth: number;
}

interface Range {
  readonly start: number;
  readonly end: number;
}

const HEADING = /^\s{0,3}#{1,6}\s+/;
const BULLET = /^(\s*)[-*+•]\s+/;
const NUMBER = /^(\s*)(?=\d{1,3}[.)、]|[①-⑳])/;
const ROW = /^\s*\|.*\|\s*$/;
const RULE = /^\s*\|?(?:\s*:?-{3,}:?\s*\|?)+\s*$/;
const BOLD = /\*\*(?=\S)(.{1,400}?\S)\*\*/g;
const LINK = /\[([^\]\n]{1,300})\]\((https?:[^)\s]{1,2000})\)/g;
const MAX_DEPTH = 4;

/** `own` is the diagnosed brand. */
export function renderedAnswer(text: string, findings: readonly BrandFinding[], own: string): Markup {
  const blocks = blocksOf(text);
  const [bold, hidden] = inlineRanges(text, blocks);
  const cuts = [...blocks, ...bold, ...hidden].flatMap(({ start, end }) => [start, end]);
  const pieces = markedPieces(text, findings, own, cuts);
  let next = 0;
  const take = (until: number): Markup[] => {
    const taken: Markup[] = [];
    for (; next < pieces.length && (pieces[next] as MarkedPiece).end <= until; next += 1) {
      const { start, end, markup } = pieces[next] as MarkedPiece;
      if (isIn(hidden, start, end)) continue;
      taken.push(isIn(bold, start, end) ? html`<strong>${markup}</strong>` : markup);
    }
    return taken;
  };
  const drawn: Markup[] = [];
  for (const block of blocks) {
    // What stands between blocks are line ends.
    take(block.start);
    const content =
      block.kind === 'row' ? cellsOf(text, block).map((end) => html`<span>${take(end)}</span>`) : take(block.end);
    drawn.push(html`<p class="said-${block.kind}${block.depth > 0 && ` depth-${block.depth}`}">${content}</p>`);
  }
  return html`${drawn}`;
}

function blocksOf(text: string): Block[] {
  const blocks: Block[] = [];
  let start = 0;
  for (const line of text.split('\n')) {
    const end = start + line.length;
    if (line.trim() !== '' && !(RULE.test(line) && line.includes('-'))) {
      const item = BULLET.exec(line) ?? NUMBER.exec(line);
      const kind: BlockKind = HEADING.test(line) ? 'heading' : ROW.test(line) ? 'row' : item === null ? 'text' : 'item';
      const depth = kind === 'item' ? Math.min(MAX_DEPTH, Math.floor((item?.[1] ?? '').length / 2)) : 0;
      blocks.push({ kind, start, end, depth });
    }
    start = end + 1;
  }
  return blocks;
}

/** Bold text, and the signs that are not shown. */
function inlineRanges(text: string, blocks: readonly Block[]): readonly [Range[], Range[]] {
  const bold: Range[] = [];
  const hidden: Range[] = [];
  for (const { kind, start, end } of blocks) {
    const line = text.slice(start, end);
    const sign = (kind === 'heading' ? HEADING : BULLET).exec(line);
    if (sign !== null && kind !== 'text' && kind !== 'row') hidden.push({ start, end: start + sign[0].length });
    for (const { index, 0: all, 1: words = '' } of line.matchAll(BOLD)) {
      bold.push({ start: start + index + 2, end: start + index + 2 + words.length });
      hidden.push({ start: start + index, end: start + index + 2 });
      hidden.push({ start: start + index + all.length - 2, end: start + index + all.length });
    }
    for (const { index, 1: words = '' } of line.matchAll(LINK)) {
      hidden.push({ start: start + index, end: start + index + 1 });
      // The address stays beside its words: what an answer cites is part of it.
      hidden.push({ start: start + index + 1 + words.length, end: start + index + 2 + words.length });
    }
    if (kind === 'row') {
      for (const { index } of line.matchAll(/\|/g)) hidden.push({ start: start + index, end: start + index + 1 });
    }
  }
  return [bold, hidden];
}

/** The ends of a row's cells. */
function cellsOf(text: string, { start, end }: Range): number[] {
  const bars = [...text.slice(start, end).matchAll(/\|/g)].map(({ index }) => start + index);
  return [...bars.slice(1), end];
}

function isIn(ranges: readonly Range[], start: number, end: number): boolean {
  return ranges.some((range) => start >= range.start && end <= range.end);
}
