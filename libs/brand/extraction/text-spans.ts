/** Lines, sentences and clauses of a text, as spans of UTF-16 units with an exclusive end. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Abbreviations whose full stop ends nothing. */
const ABBREVIATION = /(?:^|[\s(])(?:vs|no|e\.g|i\.e|etc|mr|dr|inc|ltd|st|approx|u\.s)$/i;

/** The lines without their ends. */
export function linesOf(text: string): Span[] {
  return splitAt(text, { start: 0, end: text.length }, (at) => {
    const unit = text.charCodeAt(at);
    return unit === 10 || unit === 13 || unit === 0x2028 || unit === 0x2029;
  });
}

/** The sentences of a line; each keeps its closing mark. */
export function sentencesOf(text: string, line: Span): Span[] {
  return splitAt(text, line, (at) => endsSentence(text, at), true);
}

/** The clauses of a sentence: what stands between commas, semicolons, colons and circled numbers, and from a turn on. */
export function clausesOf(text: string, sentence: Span): Span[] {
  return betweenMarks(text, sentence).flatMap((clause) => {
    const words = text.slice(clause.start, clause.end);
    const turn = /\S\s*(?:(?<!不)但|不过|然而)|\S\s+(?:but|however|though|although)\b/i.exec(words);
    if (turn === null) return [clause];
    const at = clause.start + turn.index + 1;
    return [
      { start: clause.start, end: at },
      { start: at, end: clause.end },
    ];
  });
}

function betweenMarks(text: string, sentence: Span): Span[] {
  return splitAt(text, sentence, (at) => {
    const mark = text.charAt(at);
    if (mark === ',' || mark === ':') return !/\d/.test(text.charAt(at + 1));
    return '，；：;|'.includes(mark) || (mark >= '①' && mark <= '⑳');
  });
}

/** Position of the span that holds an offset, by bisection; the spans must be in order. −1 when none does. */
export function spanAt(spans: readonly Span[], offset: number): number {
  let low = 0;
  let high = spans.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const span = spans[middle] as Span;
    if (offset < span.start) high = middle - 1;
    else if (offset >= span.end) low = middle + 1;
    else return middle;
  }
  return -1;
}

function endsSentence(text: string, at: number): boolean {
  const mark = text.charAt(at);
  if ('。！？｡'.includes(mark)) return true;
  if (!'.!?'.includes(mark)) return false;
  const next = text.charAt(at + 1);
  // Inside a URL or a number nothing ends; a Chinese sentence follows without a space.
  if (next !== '' && (mark === '.' ? !/\s/.test(next) : /[\w%&=/#]/.test(next))) return false;
  if (mark !== '.') return true;
  const before = text.slice(Math.max(0, at - 8), at);
  return !ABBREVIATION.test(before) && !/(?:^|\n)\s*\d{1,3}$/.test(before);
}

/** The non-empty spans between the places that part them; with `keep`, a parting mark closes the span before it. */
function splitAt(text: string, { start, end }: Span, parts: (at: number) => boolean, keep = false): Span[] {
  const spans: Span[] = [];
  let from = start;
  for (let at = start; at < end; at += 1) {
    if (!parts(at)) continue;
    const to = keep ? at + 1 : at;
    if (text.slice(from, to).trim() !== '') spans.push({ start: from, end: to });
    from = at + 1;
  }
  if (text.slice(from, end).trim() !== '') spans.push({ start: from, end });
  return spans;
}
