/** How each brand is spoken of: the polarity of the clauses about it, comparisons read by their direction. */
import type { Meter } from './meter.ts';
import { polarityOf } from './polarity.ts';
import { DISCOURAGES } from './recommendation-cues.ts';
import type { Statement } from './statements.ts';

export type Sentiment = 'positive' | 'neutral' | 'negative';

export interface Feeling {
  readonly sentiment: Sentiment;
  /** (praise − blame) / (praise + blame), −1 to 1; 0 without either. */
  readonly score: number;
}

interface Sum {
  praise: number;
  blame: number;
}

/** □ stands for a name. The first is better, or worse, than the second. */
const BETTER =
  /□[^□]{0,24}(?:优于|强于|胜过|超过|超越|领先|好于|压过|完胜|(?:better|faster|stronger|more \w+|cheaper|easier)\b[^□]{0,20}\bthan\b|outperforms?|beats?|比\s*$)[^□]{0,8}□/i;
const WORSE =
  /□[^□]{0,24}(?:不如|逊于|不及|弱于|落后于|输给|比不上|不敌|(?:worse|weaker|slower|less \w+)\b[^□]{0,20}\bthan\b|trails|lags behind)[^□]{0,8}□/i;
const THAN = /□[^□]{0,12}(?:比|相比|较之)[^□]{0,4}□/;
/** The clause's subject stands before it and is put below those it names. */
const BELOW = /^[^□]{0,8}(?:不如|逊于|不及|比不上|不敌|worse than|inferior to)[^□]{0,6}□/i;
/** Names that are only the other side of a comparison. */
const BESIDE =
  /^\s*(?:(?:和|与|跟|同)[^□]{0,4}□[^□]{0,8}相比|(?:比起|相比(?:于)?|对比|较之|compared (?:to|with)|unlike)[^□]{0,6}□[^□]{0,8}$)/i;
/** What comes after 但 or however is what the sentence says. */
const TURN_WEIGHT = 1.25;
const DISCOURAGED_WEIGHT = 3;
/** Praise and blame that nearly balance are neutral. */
const BALANCE = 0.15;
const MARGIN = 0.5;

/** By brand position. A brand of which nothing is said is neutral. */
export function feelings(
  brandCount: number,
  statements: readonly Statement[],
  discouraged: ReadonlySet<number>,
  meter: Meter,
): Feeling[] {
  const sums: Sum[] = Array.from({ length: brandCount }, () => ({ praise: 0, blame: 0 }));
  for (const statement of statements) weigh(statement, sums, meter);
  for (const brand of discouraged) (sums[brand] as Sum).blame += DISCOURAGED_WEIGHT;
  return sums.map(feelingOf);
}

/** The class and score of given praise and blame. */
export function feelingOf({ praise, blame }: Sum): Feeling {
  const total = praise + blame;
  const score = total === 0 ? 0 : (praise - blame) / total;
  if (Math.abs(praise - blame) < MARGIN || Math.abs(score) < BALANCE) return { sentiment: 'neutral', score };
  return { sentiment: score > 0 ? 'positive' : 'negative', score };
}

function weigh({ text, about, before, mentions, afterTurn }: Statement, sums: readonly Sum[], meter: Meter): void {
  const weight = afterTurn ? TURN_WEIGHT : 1;
  if (BELOW.test(text)) {
    for (const brand of about) add(sums[brand], weight);
    for (const brand of before) if (!about.includes(brand)) add(sums[brand], -weight);
    return;
  }
  if (BESIDE.test(text)) return;
  const compared = comparison(text, mentions.length, meter);
  if (compared !== 0) {
    const [first, second] = mentions;
    add(sums[first?.brand ?? -1], compared * weight);
    add(sums[second?.brand ?? -1], -compared * weight);
    return;
  }
  const { praise, blame } = polarityOf(text, meter);
  const warned = DISCOURAGES.test(text) ? DISCOURAGED_WEIGHT - 1 : 0;
  for (const brand of about) {
    const sum = sums[brand] as Sum;
    sum.praise += praise * weight;
    sum.blame += (blame + warned) * weight;
  }
}

function add(sum: Sum | undefined, points: number): void {
  if (sum === undefined) return;
  if (points > 0) sum.praise += points;
  else sum.blame -= points;
}

/** 1 when the first name of a clause is put above the second, −1 below, 0 when the clause compares nothing. */
function comparison(text: string, names: number, meter: Meter): number {
  if (names !== 2) return 0;
  if (WORSE.test(text)) return -1;
  if (BETTER.test(text)) return 1;
  if (!THAN.test(text)) return 0;
  const { praise, blame } = polarityOf(text, meter);
  return Math.sign(praise - blame);
}
