/**
 * Finds brands in a text: names and aliases together, from left to right, the longest at each place, none overlapping, so
 * that 华为云 is never 华为.
 * A Latin spelling needs a boundary, and Chinese beside it is one; a Chinese spelling is found anywhere except in its
 * negative contexts.
 */
import type { Brand, Mention } from './brand.ts';
import { type FoldedText, fold, originalSpan } from './fold.ts';
import { type Meter, unread } from './meter.ts';
import { isDescription, isOrdinaryWord } from './ordinary-words.ts';
import { buildTrie, findPatterns, type PatternHit, type PatternTrie } from './pattern-trie.ts';

type Role = 'name' | 'cover' | 'neighbour';

interface Pattern {
  readonly brand: number;
  readonly role: Role;
  readonly text: string;
  readonly trailingModel: boolean;
  /** The spelling that counts, if its case matters. */
  readonly spelling: string | undefined;
  /** A Chinese name that is an ordinary word. */
  readonly ordinary: boolean;
}

export interface BrandMatcher {
  readonly patterns: readonly Pattern[];
  readonly trie: PatternTrie;
}

/** Letters of scripts that write words apart, and digits: one of these beside a Latin name makes it another word. */
const WORD = /[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\p{Nd}]/u;
const LETTER = /[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}]/u;
/** Circled, superscript and other numbers that are no part of a word although they fold to digits. */
const ORNAMENT = /[\p{No}\p{So}]/u;
/** 100, X100, se2, or `X Fold3`: what may follow a name as its model. */
const MODEL = /^(?:\p{Script=Latin}{0,2}\p{Nd}|\p{Script=Latin} \p{Script=Latin}{0,8}\p{Nd})/u;
/** After a digit another digit would be the same number. */
const MODEL_AFTER_DIGIT = /^\p{Script=Latin}{1,2}\p{Nd}/u;
const MODEL_UNITS = 16;
const CURLY = /[\u2018\u2019\u02bc]/g;

/** Made once for a list of brands; the same spelling under two brands belongs to the first. */
export function brandMatcher(brands: readonly Brand[]): BrandMatcher {
  const patterns: Pattern[] = [];
  const seen = new Set<string>();
  brands.forEach((brand, index) => {
    const trailingModel = brand.trailingModel ?? true;
    const spellings = [brand.name, ...(brand.aliases ?? [])].map((name) => name.normalize('NFKC').trim());
    const names = spellings.map((name) => fold(name).text);
    for (const [at, text] of names.entries()) {
      if (text === '' || seen.has(text)) continue;
      seen.add(text);
      const spelling = spellings[at] ?? '';
      const ordinary = isOrdinaryWord(spelling);
      const isLatin = LETTER.test(text.charAt(0));
      const caseMatters = brand.caseSensitive ?? (ordinary && spelling !== spelling.toLowerCase());
      patterns.push({
        ...{ brand: index, role: 'name', text, trailingModel },
        spelling: isLatin && caseMatters ? spelling : undefined,
        ordinary: ordinary && !isLatin,
      });
    }
    for (const context of brand.negativeContexts ?? []) {
      const { text } = fold(context.trim());
      const role = names.some((name) => name !== '' && text.includes(name)) ? 'cover' : 'neighbour';
      if (text !== '')
        patterns.push({ ...{ brand: index, role, text, trailingModel }, spelling: undefined, ordinary: false });
    }
  });
  return { patterns, trie: buildTrie(patterns.map(({ text }) => text)) };
}

/** All mentions by position, before anything is left out. */
export function findMentions(matcher: BrandMatcher, folded: FoldedText, meter: Meter = unread()): Mention[] {
  const patternOf = (hit: PatternHit): Pattern => matcher.patterns[hit.pattern] as Pattern;
  const hits = findPatterns(matcher.trie, folded.text, (hit) => stands(patternOf(hit), hit, folded), meter);
  const beside = neighbours(hits, patternOf, folded.text);
  const mentions: Mention[] = [];
  const names = hits.filter((hit) => patternOf(hit).role !== 'neighbour');
  for (const hit of leftmostLongest(names, (one) => patternOf(one).role === 'name')) {
    const { role, brand } = patternOf(hit);
    if (role !== 'name' || beside.has(`${brand}<${hit.start}`) || beside.has(`${brand}>${hit.end}`)) continue;
    const span = originalSpan(folded, hit.start, hit.end);
    // Two names out of one character of the original would overlap there.
    if (span.start >= (mentions.at(-1)?.end ?? 0)) mentions.push({ brand, ...span });
  }
  return mentions;
}

function stands(pattern: Pattern, { start, end }: PatternHit, folded: FoldedText): boolean {
  const { role, text, trailingModel, spelling, ordinary } = pattern;
  if (role === 'cover') return true;
  if (spelling !== undefined && !isSpelled(spelling, folded, start, end)) return false;
  if (ordinary && isDescription(folded.text, start, end)) return false;
  if (WORD.test(text.charAt(0)) && isWordAt(folded, start - 1)) return false;
  const last = text.charAt(text.length - 1);
  if (!WORD.test(last) || !isWordAt(folded, end)) return true;
  const model = LETTER.test(last) ? MODEL : MODEL_AFTER_DIGIT;
  return trailingModel && model.test(folded.text.slice(end, end + MODEL_UNITS));
}

/** As it is given, or in capitals throughout, as in a heading. */
function isSpelled(spelling: string, folded: FoldedText, start: number, end: number): boolean {
  const span = originalSpan(folded, start, end);
  const written = folded.source.slice(span.start, span.end).normalize('NFKC').replace(CURLY, "'");
  return written === spelling.replace(CURLY, "'") || (written.length > 1 && written === spelling.toUpperCase());
}

/** At each place the longest hit, and of two as long a name before a context: what is a brand itself is one. */
function leftmostLongest(hits: readonly PatternHit[], isName: (hit: PatternHit) => boolean): PatternHit[] {
  const kept: PatternHit[] = [];
  for (const hit of hits) {
    const last = kept.at(-1);
    if (last === undefined || hit.start >= last.end) kept.push(hit);
    else if (
      hit.start === last.start &&
      (hit.end > last.end || (hit.end === last.end && isName(hit) && !isName(last)))
    ) {
      kept[kept.length - 1] = hit;
    }
  }
  return kept;
}

function isWordAt(folded: FoldedText, at: number): boolean {
  if (at < 0 || !WORD.test(folded.text.charAt(at))) return false;
  return !ORNAMENT.test(folded.source.slice(folded.starts[at], folded.ends[at]));
}

/** Where a neighbouring context ends (`<`) or begins (`>`), a space between not counted. */
function neighbours(
  hits: readonly PatternHit[],
  patternOf: (hit: PatternHit) => Pattern,
  text: string,
): ReadonlySet<string> {
  const places = new Set<string>();
  for (const hit of hits) {
    const { role, brand } = patternOf(hit);
    if (role !== 'neighbour') continue;
    places.add(`${brand}<${hit.end + (text.charAt(hit.end) === ' ' ? 1 : 0)}`);
    places.add(`${brand}>${hit.start - (text.charAt(hit.start - 1) === ' ' ? 1 : 0)}`);
  }
  return places;
}
