/** The polarity of a piece of text: words of praise and of blame, turned round by a negation before them. */
import { fold } from './fold.ts';
import { BLAME_EN, NEGATORS_EN, PRAISE_EN } from './lexicon-en.ts';
import { BLAME_ZH, NEGATORS_ZH, PRAISE_ZH } from './lexicon-zh.ts';
import type { Meter } from './meter.ts';
import { buildTrie, findPatterns, longestFirst } from './pattern-trie.ts';

export interface Polarity {
  readonly praise: number;
  readonly blame: number;
}

/** The lexicon holds words; a name such as 领先 or Best inside a brand must be blanked out before. */
const WORDS: readonly { readonly text: string; readonly good: boolean; readonly latin: boolean }[] = [
  ...PRAISE_ZH.split(' ').map((text) => ({ text, good: true, latin: false })),
  ...BLAME_ZH.split(' ').map((text) => ({ text, good: false, latin: false })),
  ...PRAISE_EN.split('|').map((text) => ({ text, good: true, latin: true })),
  ...BLAME_EN.split('|').map((text) => ({ text, good: false, latin: true })),
];
const TRIE = buildTrie(WORDS.map(({ text }) => text));
const BEFORE_ZH = 6;
const BEFORE_EN = 24;

/** Praise and blame in a text, each hit counted once. */
export function polarityOf(text: string, meter: Meter): Polarity {
  const folded = fold(text).text;
  const hits = findPatterns(
    TRIE,
    folded,
    ({ pattern, start, end }) => WORDS[pattern]?.latin !== true || isWord(folded, start, end),
    meter,
  );
  let praise = 0;
  let blame = 0;
  for (const { pattern, start } of longestFirst(hits, folded.length, meter)) {
    const { good, latin } = WORDS[pattern] as (typeof WORDS)[number];
    const negated = latin
      ? NEGATORS_EN.test(folded.slice(Math.max(0, start - BEFORE_EN), start))
      : NEGATORS_ZH.test(folded.slice(Math.max(0, start - BEFORE_ZH), start));
    if (good !== negated) praise += 1;
    else blame += 1;
  }
  return { praise, blame };
}

function isWord(text: string, start: number, end: number): boolean {
  return !/[a-z\d]/.test(text.charAt(start - 1)) && !/[a-z\d]/.test(text.charAt(end));
}
