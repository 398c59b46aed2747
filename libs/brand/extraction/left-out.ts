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
import { type UrlInText, urlsIn } from './urls-in-text.ts';

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

const REASONING_TAG = /<(\/?)(?:think|thinking|reasoning|thought)>/gi;
const FENCE = /^\s{0,3}(?:```|~~~)\s*(\w*)/;
const KINDS: readonly LeftOutKind[] = ['reasoning', 'json', 'url', 'echo', 'refusal'];

/** Time is linear in the text. */
export function leaveOut(
  text: string,
  question: string,
  folded: FoldedText = fold(text),
  meter: Meter = unread(),
): Kept {
  const reasoning = mark('reasoning', reasoningIn(text));
  const json = mark('json', [...fencedJson(text), ...jsonObjectsIn(text, meter)]);
  const urls = urlsIn(text);
  const leftOut = [
    ...reasoning,
    ...json,
    ...mark('url', urls),
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

/** Fenced blocks that say they are JSON or begin like it. */
function fencedJson(text: string): Span[] {
  const spans: Span[] = [];
  let open: { readonly start: number; readonly body: number; readonly language: string } | undefined;
  const close = (end: number): void => {
    if (open !== undefined && isJson(open.language, text.slice(open.body, Math.min(end, open.body + 200)))) {
      spans.push({ start: open.start, end });
    }
    open = undefined;
  };
  for (const { start, end } of linesOf(text)) {
    const fence = FENCE.exec(text.slice(start, Math.min(end, start + 40)));
    if (fence === null) continue;
    if (open === undefined) open = { start, body: end, language: (fence[1] ?? '').toLowerCase() };
    else close(end);
  }
  close(text.length);
  return spans;
}

function isJson(language: string, beginning: string): boolean {
  return language.startsWith('json') || /^\s*[{[]\s*["'{[]/.test(beginning);
}
