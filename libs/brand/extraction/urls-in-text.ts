/** Addresses as they stand in answers: bare, as targets of Markdown links, in full-width brackets, glued to Chinese text. */
import type { Span } from './text-spans.ts';

export interface UrlInText extends Span {
  readonly url: string;
}

/** How an address begins. One that follows a comma or a semicolon without a space begins another. */
const BEGINNING = /https?:\/\/|(?<![\w.@/-])www\.(?=[a-z\d])/gi;
/** What no address holds: white space, what is not ASCII, quotes, angle brackets, a table's bar; code marks and escapes. */
const STOP = /[^\x21-\x7e]|[<>"|`\\]/;
const TRAILING = /[.,;:!?'*]/;
const OPENING = '([{';
const CLOSING = ')]}';

/** Every address by position. Time is linear in the text. */
export function urlsIn(text: string, targets: readonly Span[] = linkTargetsIn(text)): UrlInText[] {
  const found: UrlInText[] = [];
  let from = 0;
  let next = 0;
  for (const { 0: beginning, index: start } of text.matchAll(BEGINNING)) {
    while ((targets[next]?.end ?? Infinity) <= start) next += 1;
    const target = targets[next];
    const isInTarget = target !== undefined && target.start <= start;
    if (start < from || (isInTarget && target.start !== start)) continue;
    const end = isInTarget ? target.end : addressEnd(text, start + beginning.length, start);
    if (end <= start + beginning.length) continue;
    from = end;
    found.push({ start, end, url: text.slice(start, end) });
  }
  return found;
}

/** The targets of Markdown links, whatever they are: what stands between `](` and the bracket that closes it. */
export function linkTargetsIn(text: string): Span[] {
  const targets: Span[] = [];
  for (const { index } of text.matchAll(/\]\(/g)) {
    const bracket = text.charAt(index + 2) === '<' ? 3 : 2;
    const start = index + bracket;
    const end = targetEnd(text, start);
    if (end > start) targets.push({ start, end });
  }
  return targets;
}

/** A target that is not closed on its line, or in which another link begins, is none: −1. */
function targetEnd(text: string, start: number): number {
  let open = 0;
  for (let at = start; at < text.length; at += 1) {
    const mark = text.charAt(at);
    if (/\s/.test(mark)) return /^[^\S\n]+["'“(][^\n]{0,200}?\)/.test(text.slice(at, at + 204)) ? at : -1;
    if (mark === '>') return at;
    if (mark === '(' && text.charAt(at - 1) === ']') return -1;
    if (mark === '(') open += 1;
    else if (mark === ')') {
      if (open === 0) return at;
      open -= 1;
    }
  }
  return -1;
}

/** Where an address stops, without the marks that close its sentence or a bracket that it did not open itself. */
function addressEnd(text: string, from: number, start: number): number {
  let end = from;
  let open = 0;
  for (; end < text.length; end += 1) {
    const mark = text.charAt(end);
    if (STOP.test(mark)) break;
    if (',;'.includes(mark) && /^https?:\/\//i.test(text.slice(end + 1, end + 9))) break;
    if (OPENING.includes(mark)) open += 1;
    if (CLOSING.includes(mark)) {
      if (open === 0) break;
      open -= 1;
    }
  }
  while (end > start && TRAILING.test(text.charAt(end - 1))) end -= 1;
  return end;
}
