/**
 * The parts of an answer in which a name is not a mention: the model's reasoning, JSON, URLs, the question said again, and
 * refusals that only quote the name.
 */
import { echoesIn } from './echo.ts';
import { type FoldedText, fold } from './fold.ts';
import { jsonObjectsIn } from './json-in-text.ts';
import { type Meter, unread } from './meter.ts';
import { refusalsIn } from './refusal.ts';
import { linesOf, type Span } from './text-spans.ts';
import { linkTargetsIn, type UrlInText, urlsIn } from './urls-in-text.ts';

export type LeftOutKind = 'reasoning' | 'json' | 'url' | 'echo' | 'refusal';

export interface LeftOut extends Span {
  readonly kind: LeftOutKind;
}

/** Which units are left out, and the URLs that stand in what is kept or in JSON. */
export interface Kept {
  readonly leftOut: readonly LeftOut[];
  readonly urls: readonly UrlInText[];
  /** Whether the unit at an offset is left out, and why. */
  readonly reasonAt: (offset: number) => LeftOutKind | undefined;
}

const REASONING_TAG = /<(\/?)\s*(?:think|thinking|reasoning|thought)\s*>/gi;
/** An object with a quoted key, perhaps the first of a list. */
const JSON_HEAD = /^\s*(?:\[\s*)?\{\s*["'“]/;
const FENCE = /^\s{0,3}(?:```|~~~)/;
const KINDS: readonly LeftOutKind[] = ['reasoning', 'json', 'url', 'echo', 'refusal'];

/** Time is linear in the text. */
export function leaveOut(
  text: string,
  question: string,
  folded: FoldedText = fold(text),
  meter: Meter = unread(),
): Kept {
  const reasoning = mark('reasoning', reasoningIn(text));
  const json = mark('json', jsonIn(text, meter));
  const targets = linkTargetsIn(text);
  const urls = urlsIn(text, targets);
  const leftOut = [
    ...reasoning,
    ...json,
    ...mark('url', [...urls, ...targets]),
    ...mark('echo', echoesIn(folded, question, meter)),
    ...mark('refusal', refusalsIn(text)),
  ];
  const reasons = new Uint8Array(text.length);
  for (const { kind, start, end } of leftOut) {
    const code = KINDS.indexOf(kind) + 1;
    for (let at = start; at < end; at += 1) {
      meter.steps += 1;
      if (reasons[at] === 0) reasons[at] = code;
    }
  }
  return { leftOut, urls, reasonAt: (offset) => KINDS[(reasons[offset] ?? 0) - 1] };
}

function mark(kind: LeftOutKind, spans: readonly Span[]): LeftOut[] {
  return spans.map(({ start, end }) => ({ kind, start, end }));
}

/** Between the tags; from the beginning when only the closing one was sent, to the end when it never came. */
function reasoningIn(text: string): Span[] {
  const spans: Span[] = [];
  let open: number | undefined;
  let from = 0;
  for (const match of text.matchAll(REASONING_TAG)) {
    const end = match.index + match[0].length;
    if (match[1] === '') open ??= match.index;
    else {
      spans.push({ start: open ?? from, end });
      open = undefined;
      from = end;
    }
  }
  return open === undefined ? spans : [...spans, { start: open, end: text.length }];
}

/** Fenced and bare objects; a fenced one that is broken ends with its fence. */
function jsonIn(text: string, meter: Meter): Span[] {
  const spans: Span[] = [];
  let from = 0;
  const bareUntil = (until: number): void => {
    const bare = jsonObjectsIn(text.slice(from, until), meter);
    spans.push(...bare.map(({ start, end }) => ({ start: from + start, end: from + end })));
  };
  for (const fence of fencedJson(text)) {
    bareUntil(fence.start);
    spans.push(fence);
    from = fence.end;
  }
  bareUntil(text.length);
  return spans;
}

/** Fenced blocks that begin with a JSON object. A list of plain strings is a list, not JSON. */
function fencedJson(text: string): Span[] {
  const spans: Span[] = [];
  let open: { readonly start: number; readonly body: number } | undefined;
  const close = (end: number): void => {
    if (open !== undefined && JSON_HEAD.test(text.slice(open.body, Math.min(end, open.body + 200)))) {
      spans.push({ start: open.start, end });
    }
    open = undefined;
  };
  for (const { start, end } of linesOf(text)) {
    if (!FENCE.test(text.slice(start, Math.min(end, start + 40)))) continue;
    if (open === undefined) open = { start, body: end };
    else close(end);
  }
  close(text.length);
  return spans;
}
