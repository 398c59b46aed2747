/**
 * The lists of an answer with their nesting: numbered lines, Chinese ordinals, bullets, headings and bold leads. A group
 * is the items of one list; the body of an item holds what is nested in it and the text that follows it.
 */
import { inlineItems } from './inline-ordinals.ts';
import { type Marker, type MarkerKind, markerOf } from './list-markers.ts';
import type { Meter } from './meter.ts';
import { linesOf, type Span } from './text-spans.ts';

export type GroupKind = MarkerKind | 'inline' | 'table';

export interface ListItem {
  /** The printed number, if there is one. */
  readonly number: number | null;
  /** The item's own words on its first line. */
  readonly words: Span;
  /** Where the item's line begins. */
  readonly start: number;
  /** Where its body ends, exclusive. */
  end: number;
  readonly parent: ListItem | undefined;
  /** 1–6 for a heading, 7 for a bold lead, else 0. */
  readonly level: number;
}

export interface ListGroup {
  readonly kind: GroupKind;
  /** 1–6 when the items are headings. */
  readonly level: number;
  readonly items: ListItem[];
  readonly parent: ListItem | undefined;
  /** Whether it stands below an item of another list and to the right of it. */
  readonly indented: boolean;
  /** The line above the list: what it is a list of. */
  readonly intro: string;
}

interface OpenItem {
  readonly marker: Marker;
  readonly group: ListGroup;
  readonly item: ListItem;
}

/** Every list in the text, by the position of its first item. Lines that `skips` says are left out belong to none. */
export function listGroups(text: string, skips: (offset: number) => boolean, meter: Meter): ListGroup[] {
  return new ListReader(text, meter).read(skips);
}

class ListReader {
  readonly #text: string;
  readonly #meter: Meter;
  readonly #groups: ListGroup[] = [];
  /** Items whose body is still open, outermost first; depths rise strictly, so it stays short. */
  #open: OpenItem[] = [];
  /** The last list of each numbering, which a later number may continue. */
  readonly #last = new Map<string, ListGroup>();
  #intro = '';
  #previousEnd = 0;

  constructor(text: string, meter: Meter) {
    this.#text = text;
    this.#meter = meter;
  }

  read(skips: (offset: number) => boolean): ListGroup[] {
    for (const line of linesOf(this.#text)) {
      this.#meter.steps += 1;
      const words = this.#text.slice(line.start, line.end);
      const blank = words.length - words.trimStart().length;
      if (!skips(line.start + blank)) this.#readLine(line, words);
      this.#previousEnd = line.end;
    }
    this.#close(this.#open, this.#text.length);
    return this.#groups;
  }

  #readLine(line: Span, words: string): void {
    const marker = markerOf(words);
    const inline = marker === undefined || marker.level === 0 ? inlineItems(words, line.start) : [];
    if (inline.length > 1) {
      this.#endParagraph(line, words);
      const parent = this.#open.at(-1)?.item;
      const items = inline.map((item) => ({ ...item, parent, level: 0 }));
      this.#groups.push({ kind: 'inline', level: 0, items, parent, indented: false, intro: this.#intro });
    } else if (
      marker === undefined ||
      (marker.kind === 'bold' && this.#open.some(({ marker: { style } }) => style >= 0))
    ) {
      this.#endParagraph(line, words);
      this.#intro = words;
    } else this.#addItem(marker, line, words);
  }

  #addItem(marker: Marker, line: Span, words: string): void {
    const keep = this.#open.findIndex(({ marker: open }) => !isDeeper(marker, open));
    if (keep !== -1) this.#close(this.#open.splice(keep), line.start);
    const parent = this.#open.at(-1)?.item;
    const item = {
      number: marker.number,
      words: { start: line.start + marker.content, end: line.end },
      start: line.start,
      end: this.#text.length,
      parent,
      level: marker.level,
    };
    const group = this.#groupFor(marker);
    group.items.push(item);
    this.#open.push({ marker, group, item });
    if (marker.level > 0 || parent === undefined) this.#intro = words;
  }

  #groupFor(marker: Marker): ListGroup {
    const key = `${marker.kind}/${marker.style}/${marker.level}/${step(marker)}`;
    const parent = this.#open.at(-1)?.item;
    const last = this.#last.get(key);
    const goesOn =
      last?.parent === parent || (marker.number !== null && last?.indented === false && parent?.level !== 0);
    if (last !== undefined && goesOn && continues(last, marker)) return last;
    const indented = this.#open.some(({ marker: open }) => open.level === 0 && step(marker) > step(open));
    const { kind, level } = marker;
    const group: ListGroup = { kind, level, items: [], parent, indented, intro: this.#intro };
    this.#groups.push(group);
    this.#last.set(key, group);
    return group;
  }

  /** A paragraph at the margin after an empty line belongs to no list item, though the list may go on after it. */
  #endParagraph(line: Span, words: string): void {
    const gap = this.#text.slice(this.#previousEnd, line.start);
    if (/^\s/.test(words) || gap.split('\n').length < 3) return;
    for (const { marker, item } of this.#open) {
      if (marker.level === 0 && item.end === this.#text.length) item.end = line.start;
    }
  }

  #close(closed: readonly OpenItem[], at: number): void {
    for (const { item } of closed) item.end = Math.min(item.end, at);
  }
}

/** Whether a new item stands inside an open one. Headings hold lists; a bullet at a number's margin is inside it. */
function isDeeper(marker: Marker, open: Marker): boolean {
  if (marker.level > 0 || open.level > 0) {
    return open.level > 0 && (marker.level === 0 || marker.level > open.level);
  }
  if (step(marker) !== step(open)) return step(marker) > step(open);
  if (marker.kind === 'bullet') return open.kind !== 'bullet';
  // 一、 and 1、 at one margin: the later numbering is inside the earlier.
  return open.kind !== 'bullet' && marker.style !== open.style;
}

function step({ indent }: Marker): number {
  return Math.min(20, Math.floor(indent / 2));
}

/** Numbers go on when they rise or repeat, or count down from the first; what has none always goes on. */
function continues({ items }: ListGroup, { number }: Marker): boolean {
  const [before, last] = [items.at(-2)?.number ?? null, items.at(-1)?.number ?? null];
  if (number === null || last === null || number === last) return true;
  if (number === last - 1) return before === null || before === number + 2;
  return number > last && (before === null || before <= last);
}
