/** The polarity of a piece of text: words of praise and of blame, turned round by a negation before them. */
import { fold } from './fold.ts';
import { BLAME_EN, NEGATORS_EN, PLAIN_EN, PRAISE_EN } from './lexicon-en.ts';
import { BLAME_ZH, NEGATORS_ZH, PLAIN_ZH, PRAISE_ZH, WANTING_ZH } from './lexicon-zh.ts';
import type { Meter } from './meter.ts';
import { buildTrie, findPatterns, longestFirst } from './pattern-trie.ts';

export interface Polarity {
  readonly praise: number;
  readonly blame: number;
}

type Kind = 'praise' | 'blame' | 'plain';

interface Word {
  readonly text: string;
  readonly kind: Kind;
  readonly latin: boolean;
}

const WORDS: readonly Word[] = [
  ...entries(PRAISE_ZH, ' ', 'praise'),
  ...entries(BLAME_ZH, ' ', 'blame'),
  ...entries(PLAIN_ZH, ' ', 'plain'),
  ...entries(PRAISE_EN, '|', 'praise'),
  ...entries(BLAME_EN, '|', 'blame'),
  ...entries(PLAIN_EN, '|', 'plain'),
];
const TRIE = buildTrie(WORDS.map(({ text }) => text));
const BEFORE_ZH = 14;
const AFTER_ZH = 6;
const BEFORE_EN = 24;

/** Praise and blame in a text, each hit counted once. Names in it must be blanked out before: some hold such words. */
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
  for (const { pattern, start, end } of longestFirst(hits, folded.length, meter)) {
    const { kind, latin } = WORDS[pattern] as Word;
    if (kind === 'plain' || (kind === 'praise' && !latin && WANTING_ZH.test(folded.slice(end, end + AFTER_ZH))))
      continue;
    const negated = latin
      ? NEGATORS_EN.test(folded.slice(Math.max(0, start - BEFORE_EN), start))
      : NEGATORS_ZH.test(folded.slice(Math.max(0, start - BEFORE_ZH), start));
    if ((kind === 'praise') !== negated) praise += 1;
    else blame += 1;
  }
  return { praise, blame };
}

function entries(list: string, separator: string, kind: Kind): Word[] {
  return list.split(separator).map((text) => ({ text, kind, latin: separator === '|' }));
}

function isWord(text: string, start: number, end: number): boolean {
  return !/[a-z\d]/.test(text.charAt(start - 1)) && !/[a-z\d]/.test(text.charAt(end));
}
