/**
 * Text made comparable: NFKC (ＯＰＰＯ is OPPO, ① is 1), case folded, traditional characters simplified, apostrophes straight,
 * invisible characters gone; with a map of offsets back to the original. Folding is idempotent.
 */
import { simplified, simplifiedUnit } from './simplified.ts';

/** A folded text. `starts[i]` and `ends[i]` are the span of the original that unit `i` of `text` came from. */
export interface FoldedText {
  readonly source: string;
  readonly text: string;
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
}

/** Characters that may merge with the one before them: marks, kana voicing, Hangul letters; and those that vanish. */
const EXTENDS =
  /[\p{M}\p{Default_Ignorable_Code_Point}\uff9e\uff9f\u1160-\u11ff\u3131-\u318e\uffa0-\uffdc\ud7b0-\ud7fb]/u;
const IGNORABLE = /\p{Default_Ignorable_Code_Point}/gu;
/** Marks upon marks without end are cut: sorting them takes quadratic time (compare UAX #15, Stream-Safe Text Format). */
const MAX_CLUSTER_UNITS = 64;
const MAX_FOLDED_UNITS = 32;
/** Levi’s is Levi's. */
const CURLY = /[\u2018\u2019\u02bc]/g;
const MAX_ROUNDS = 5;

/** The folded text with its map; time is linear in the text. */
export function fold(source: string): FoldedText {
  const parts: string[] = [];
  const starts: number[] = [];
  const ends: number[] = [];
  let at = 0;
  while (at < source.length) {
    const end = clusterEnd(source, at);
    const folded = end - at === 1 && isPlain(source.charCodeAt(at)) ? plain(source, at) : foldCluster(source, at, end);
    parts.push(folded);
    for (let unit = 0; unit < folded.length; unit += 1) {
      starts.push(at);
      ends.push(end);
    }
    at = end;
  }
  return { source, text: parts.join(''), starts: Uint32Array.from(starts), ends: Uint32Array.from(ends) };
}

/** The original's span of `text.slice(start, end)`; an empty slice gives an empty span. */
export function originalSpan(folded: FoldedText, start: number, end: number): { start: number; end: number } {
  if (end <= start) {
    const at = folded.starts[start] ?? folded.source.length;
    return { start: at, end: at };
  }
  return { start: folded.starts[start] ?? folded.source.length, end: folded.ends[end - 1] ?? folded.source.length };
}

function clusterEnd(source: string, start: number): number {
  let end = start + unitsAt(source, start);
  while (end < source.length && mayExtend(source.charCodeAt(end))) {
    const units = unitsAt(source, end);
    if (!EXTENDS.test(source.slice(end, end + units))) break;
    end += units;
  }
  return end;
}

function unitsAt(source: string, at: number): number {
  return (source.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
}

/** A quick no for the characters that make up nearly every text. */
function mayExtend(unit: number): boolean {
  return unit === 0xad || (unit >= 0x300 && !(unit >= 0x4e00 && unit <= 0x9fff) && !(unit >= 0x3001 && unit <= 0x3029));
}

function isPlain(unit: number): boolean {
  return unit < 0x80 || (unit >= 0x4e00 && unit <= 0x9fff);
}

function plain(source: string, at: number): string {
  const unit = source.charCodeAt(at);
  if (unit < 0x80) return unit >= 0x41 && unit <= 0x5a ? String.fromCharCode(unit + 0x20) : source.charAt(at);
  return String.fromCharCode(simplifiedUnit(unit));
}

function foldCluster(source: string, start: number, end: number): string {
  let folded = cut(source.slice(start, end), MAX_CLUSTER_UNITS);
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const next = foldOnce(folded);
    if (next === folded) break;
    folded = next;
  }
  return cut(folded, MAX_FOLDED_UNITS);
}

/** Upper case first: it is what brings ß to ss and the final sigma to the plain one. */
function foldOnce(text: string): string {
  const folded = text.replace(IGNORABLE, '').normalize('NFKC').toUpperCase().toLowerCase().normalize('NFKC');
  return simplified(folded).replace(CURLY, "'");
}

/** At most so many units, never half a surrogate pair. */
function cut(text: string, units: number): string {
  if (text.length <= units) return text;
  const last = text.charCodeAt(units - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? units - 1 : units);
}
