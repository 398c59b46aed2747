/** JSON inside prose, as models write it: found by balanced braces, repaired where it is broken, never an exception. */
import { jsonrepair } from 'jsonrepair';
import type { Meter } from './meter.ts';
import { unread } from './meter.ts';
import type { Span } from './text-spans.ts';

export type JsonReading =
  | { readonly ok: true; readonly value: unknown; readonly repaired: boolean }
  | { readonly ok: false; readonly error: string; readonly raw: string };

/** An opening brace and a quoted key: prose does not look like this. */
const OBJECT_HEAD = /\{\s{0,200}["'“][^"'“”\n{}]{1,80}["'”]\s{0,20}[:：]/g;
const MAX_RAW_CHARS = 1_000;
/** Deeper nesting than any answer has; the repairing library recurses. */
const MAX_DEPTH = 64;

/** Spans of the JSON objects in a text, outermost only; one that never closes reaches to the end. */
export function jsonObjectsIn(text: string, meter: Meter = unread()): Span[] {
  const spans: Span[] = [];
  let from = 0;
  for (const match of text.matchAll(OBJECT_HEAD)) {
    if (match.index < from) continue;
    from = balancedEnd(text, match.index, meter);
    spans.push({ start: match.index, end: from });
  }
  return spans;
}

/** Where the brace or bracket that opens at `start` is closed, exclusive; the text's length when it never is. */
export function balancedEnd(text: string, start: number, meter: Meter = unread()): number {
  let depth = 0;
  let quoted = false;
  for (let at = start; at < text.length; at += 1) {
    meter.steps += 1;
    const mark = text.charAt(at);
    if (quoted) {
      if (mark === '\\') at += 1;
      else if (mark === '"') quoted = false;
    } else if (mark === '"') quoted = true;
    else if (mark === '{' || mark === '[') depth += 1;
    else if (mark === '}' || mark === ']') {
      depth -= 1;
      if (depth <= 0) return at + 1;
    }
  }
  return text.length;
}

/**
 * The value of the first JSON object or array in a text, whatever stands around it. Truncated and slightly wrong JSON is
 * repaired. Never throws.
 */
export function readJson(text: string): JsonReading {
  const start = text.search(/[{[]/);
  if (start === -1) return unreadable('there is no { or [', text);
  const json = text.slice(start, balancedEnd(text, start));
  try {
    return { ok: true, value: JSON.parse(json), repaired: false };
  } catch {
    return repair(json);
  }
}

function repair(json: string): JsonReading {
  if (depthOf(json) > MAX_DEPTH) return unreadable(`it is nested deeper than ${MAX_DEPTH}`, json);
  try {
    return { ok: true, value: JSON.parse(jsonrepair(plainMarks(json))), repaired: true };
  } catch (thrown) {
    return unreadable(thrown instanceof Error ? thrown.message : String(thrown), json);
  }
}

/** Full-width marks and plus signs outside strings, which the repairing library refuses. */
function plainMarks(json: string): string {
  let text = '';
  let quoted = false;
  for (let at = 0; at < json.length; at += 1) {
    const mark = json.charAt(at);
    if (mark === '"' && json.charAt(at - 1) !== '\\') quoted = !quoted;
    if (quoted) text += mark;
    else if (mark === '：') text += ':';
    else if (mark === '，') text += ',';
    else if (mark !== '+' || !/\d/.test(json.charAt(at + 1))) text += mark;
  }
  return text;
}

function depthOf(json: string): number {
  let depth = 0;
  let deepest = 0;
  for (const mark of json) {
    if (mark === '{' || mark === '[') depth += 1;
    else if (mark === '}' || mark === ']') depth -= 1;
    deepest = Math.max(deepest, depth);
  }
  return deepest;
}

function unreadable(error: string, raw: string): JsonReading {
  return { ok: false, error, raw: raw.slice(0, MAX_RAW_CHARS) };
}
