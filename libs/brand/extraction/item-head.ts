/** Which brands an item is about: those that its head names. */
import type { Mention } from './brand.ts';
import type { Span } from './text-spans.ts';

/** Labels that only say the rank, alone or at the end of a short one (综合首选：X); the head is what follows them. */
const RANK_LABEL =
  /(?:首选|首推|其次|次选|再次|第[一二三四五六七八九十\d]{1,3}(?:名|位)?)[\s*_]*$|^best\b|^runners?[- ]up\b|^also (?:good|great)\b/i;
const MAX_HEAD_UNITS = 120;
const MAX_LABEL_WIDTH = 30;

/** Brands that the item's head names, in order; `mentions` are those inside `words`. Empty for an item about none. */
export function headBrands(text: string, words: Span, mentions: readonly Mention[]): number[] {
  const head = headOf(text, words);
  const named = brandsNamedIn(text, head, mentions);
  if (named.length > 0) return named;
  const label = text.slice(head.start, head.end);
  if (!/[:：]/.test(text.charAt(head.end)) || width(label) > MAX_LABEL_WIDTH || !RANK_LABEL.test(label)) return [];
  const after = { start: head.end + 1, end: words.end };
  return brandsNamedIn(text, headOf(text, after), mentions);
}

/** The brands that an item puts forward: those `named` in its head, or the one directly behind its label (送长辈：X). */
export function brandsPutForward(
  text: string,
  words: Span,
  mentions: readonly Mention[],
  named: readonly number[],
): readonly number[] {
  const first = mentions[0];
  if (named.length > 0 || first === undefined) return named;
  const label = headOf(text, words);
  if (first.start < label.end) return named;
  return /^[*_\s]*[:：][*_\s]*$/.test(text.slice(label.end, Math.min(first.start, label.end + 20)))
    ? [first.brand]
    : [];
}

/** The head's text: inside its bold if it begins with one, else up to the first mark that ends a head. */
export function headOf(text: string, { start, end }: Span): Span {
  const stop = Math.min(end, start + MAX_HEAD_UNITS);
  const from = start + (/^[\s*_「【[:：—–-]*/.exec(text.slice(start, stop))?.[0].length ?? 0);
  const opened = text.slice(Math.max(0, start - 12), from).includes('**');
  const bold = opened ? text.slice(from, stop).indexOf('**') : -1;
  if (bold !== -1) return { start: from, end: from + bold };
  let depth = 0;
  for (let at = from; at < stop; at += 1) {
    const mark = text.charAt(at);
    if ('（('.includes(mark)) depth += 1;
    else if ('）)'.includes(mark)) depth -= 1;
    else if (depth <= 0 && endsHead(text, at, from)) return { start: from, end: at };
  }
  return { start: from, end: stop };
}

function endsHead(text: string, at: number, from: number): boolean {
  const mark = text.charAt(at);
  if ('：:。；;，,！!|—'.includes(mark)) return true;
  if (mark === '.') return /\s/.test(text.charAt(at + 1));
  if (mark === '-' || mark === '–')
    return at > from && /\s/.test(text.charAt(at - 1)) && /\s/.test(text.charAt(at + 1));
  return false;
}

/** Every brand in the head, each once; what stands in brackets there only explains. */
function brandsNamedIn(text: string, head: Span, mentions: readonly Mention[]): number[] {
  const inside = mentions.filter(
    ({ start, end }) => start >= head.start && end <= head.end && bracketDepth(text, head.start, start) === 0,
  );
  return [...new Set(inside.map(({ brand }) => brand))];
}

function bracketDepth(text: string, from: number, to: number): number {
  let depth = 0;
  for (let at = from; at < to; at += 1) {
    const mark = text.charAt(at);
    if ('（('.includes(mark)) depth += 1;
    else if ('）)'.includes(mark) && depth > 0) depth -= 1;
  }
  return depth;
}

/** Columns on a screen: Chinese takes two. */
function width(text: string): number {
  let columns = 0;
  for (const mark of text) columns += mark > '\u2e7f' ? 2 : 1;
  return columns;
}
