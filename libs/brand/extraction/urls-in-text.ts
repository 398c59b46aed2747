/** URLs as they stand in answers: bare, in Markdown links, in full-width brackets, glued to Chinese text. */
import { parse } from 'tldts';
import type { Span } from './text-spans.ts';

/** A URL in a text. A `domain` stands bare, without scheme, www or path: it is left out of matching, but links nothing. */
export interface UrlInText extends Span {
  readonly url: string;
  readonly kind: 'link' | 'domain';
}

const SCHEME = /https?:\/\//gi;
/** A dotted name without scheme, and its path; the top-level name is checked afterwards. */
const BARE = /(?<![\w@.\-/:])(?:[a-z\d](?:[a-z\d-]{0,62})\.){1,5}[a-z]{2,24}(?![\w-])/gi;
/** What no URL holds: white space, quotes, brackets of prose, Chinese punctuation and full-width forms. */
const STOP = /[\s<>"'`|\\^{}\u2018-\u201f\u3000-\u303f\uff00-\uffef\u2026]/;
const HAN = /\p{Script=Han}/u;
const TRAILING = /[.,;:!?*_~)\]]/;

/** Every URL by position. Time is linear in the text. */
export function urlsIn(text: string): UrlInText[] {
  const found: UrlInText[] = [];
  let from = 0;
  for (const match of text.matchAll(SCHEME)) {
    if (match.index < from) continue;
    const end = urlEnd(text, match.index, match.index + match[0].length);
    if (end <= match.index + match[0].length) continue;
    from = end;
    found.push({ start: match.index, end, url: text.slice(match.index, end), kind: 'link' });
  }
  return [...found, ...bareIn(text, found)].sort((a, b) => a.start - b.start);
}

function bareIn(text: string, links: readonly UrlInText[]): UrlInText[] {
  const found: UrlInText[] = [];
  let link = 0;
  let from = 0;
  for (const match of text.matchAll(BARE)) {
    while ((links[link]?.end ?? Infinity) <= match.index) link += 1;
    const start = match.index;
    if (start < from || start >= (links[link]?.start ?? Infinity)) continue;
    const { isIcann, domain } = parse(match[0]);
    if (isIcann !== true || domain === null) continue;
    const nameEnd = start + match[0].length;
    const end = text.charAt(nameEnd) === '/' ? urlEnd(text, start, nameEnd) : nameEnd;
    const isLink = /^www\./i.test(match[0]) || end > nameEnd + 1;
    from = end;
    found.push({ start, end, url: `https://${text.slice(start, end)}`, kind: isLink ? 'link' : 'domain' });
  }
  return found;
}

/** Walks on until something that no URL holds; Chinese belongs to it only after a mark, as in /wiki/比亚迪. */
function urlEnd(text: string, start: number, from: number): number {
  let end = from;
  let before = text.charAt(from - 1);
  while (end < text.length) {
    const mark = text.charAt(end);
    if (STOP.test(mark)) break;
    if (HAN.test(mark) && !HAN.test(before) && !(/[/=_%-]/.test(before) && end > from)) break;
    before = mark;
    end += 1;
  }
  return trimmedEnd(text, start, end);
}

/** Closing marks belong to the sentence, except a bracket that the URL itself opened. */
function trimmedEnd(text: string, start: number, end: number): number {
  let open = 0;
  let closed = 0;
  for (let at = start; at < end; at += 1) {
    const mark = text.charAt(at);
    if (mark === '(') open += 1;
    if (mark !== ')') continue;
    closed += 1;
    // The bracket that closes a Markdown link ends the URL.
    if (closed > open) return trimmedEnd(text, start, at);
  }
  let to = end;
  while (to > start && TRAILING.test(text.charAt(to - 1))) {
    if (text.charAt(to - 1) === ')' && closed <= open) break;
    to -= 1;
  }
  return to;
}
