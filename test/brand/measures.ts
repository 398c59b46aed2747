/** How well labels were found: the measures of the gates. */
import { normaliseUrl } from '../../libs/brand/extraction/normalise-url.ts';
import type { Contestant } from './contestants.ts';
import type { BrandLabel, LabelledAnswer, Labels } from './labelled-answers.ts';

export const CLASSES = ['positive', 'neutral', 'negative'] as const;

export interface Measures {
  readonly answers: number;
  readonly mentionF1: number;
  readonly mentionPrecision: number;
  readonly mentionRecall: number;
  /** The rank that is used (of the list, else of mention) is the labelled one / labelled mentions. */
  readonly exactRank: number;
  readonly exactListRank: number;
  readonly exactMentionRank: number;
  /** On pairs of normalised URL and grade. */
  readonly urlF1: number;
  readonly namedF1: number;
  readonly recommended: number;
  readonly sentiment: number;
  readonly sentimentMacroF1: number;
  /** Rows: labelled, columns: found; both in the order of {@link CLASSES}. */
  readonly confusion: readonly (readonly number[])[];
}

/** The gates of the design; `undefined` where a figure is only reported. */
export const GATES: Partial<Record<keyof Measures, number>> = { mentionF1: 0.98, exactRank: 0.95, urlF1: 0.99 };

/** What a contestant gets wrong, one line each. */
export interface Verdict {
  readonly measures: Measures;
  readonly mistakes: readonly string[];
}

export function judge(answers: readonly LabelledAnswer[], contestant: Contestant): Verdict {
  const tally = new Tally();
  for (const answer of answers) tally.add(answer, contestant.read(answer));
  return { measures: tally.measures(answers.length), mistakes: tally.mistakes };
}

class Tally {
  readonly mistakes: string[] = [];
  readonly #mention = { hits: 0, found: 0, expected: 0 };
  readonly #urls = { hits: 0, found: 0, expected: 0 };
  readonly #named = { hits: 0, found: 0, expected: 0 };
  readonly #right = { rank: 0, list: 0, mention: 0, recommended: 0, judged: 0 };
  readonly #confusion = CLASSES.map(() => CLASSES.map(() => 0));

  add(answer: LabelledAnswer, found: Labels): void {
    for (const [name, expected] of Object.entries(answer.expect.brands)) {
      this.#addBrand(`${answer.id} ${name}`, expected, found.brands[name]);
    }
    const pair = ({ url, grade }: Labels['urls'][number]): string => `${grade} ${normaliseUrl(url) ?? url}`;
    // What only the model's own JSON claims never counts, neither as found nor as missed.
    const pairs = (urls: Labels['urls']): string[] => urls.filter(({ grade }) => grade !== 'claimed').map(pair);
    this.#addSets(`${answer.id} url`, this.#urls, pairs(answer.expect.urls), pairs(found.urls));
    this.#addSets(`${answer.id} named`, this.#named, answer.expect.named_sources, found.named_sources);
  }

  #addBrand(where: string, expected: BrandLabel, found: BrandLabel | undefined): void {
    const mentioned = found?.mentioned === true;
    if (expected.mentioned) this.#mention.expected += 1;
    if (mentioned) this.#mention.found += 1;
    if (mentioned !== expected.mentioned) this.mistakes.push(`${where}: ${mentioned ? 'mentioned' : 'not mentioned'}`);
    if (!expected.mentioned || found === undefined || !mentioned) return;
    this.#mention.hits += 1;
    const used = (label: BrandLabel): number | null => label.list_rank ?? label.mention_rank;
    this.#count(where, 'rank', used(expected), used(found));
    this.#count(where, 'list', expected.list_rank, found.list_rank);
    this.#count(where, 'mention', expected.mention_rank, found.mention_rank);
    if (expected.recommended !== null) {
      this.#right.judged += 1;
      this.#count(where, 'recommended', expected.recommended, found.recommended);
    }
    const row = this.#confusion[CLASSES.indexOf(expected.sentiment ?? 'neutral')];
    const column = CLASSES.indexOf(found.sentiment ?? 'neutral');
    if (row !== undefined) row[column] = (row[column] ?? 0) + 1;
    if (expected.sentiment !== found.sentiment) {
      this.mistakes.push(`${where}: sentiment is ${found.sentiment}, labelled ${expected.sentiment}`);
    }
  }

  #count(where: string, what: 'rank' | 'list' | 'mention' | 'recommended', expected: unknown, found: unknown): void {
    if (expected === found) this.#right[what] += 1;
    else this.mistakes.push(`${where}: ${what} is ${String(found)}, labelled ${String(expected)}`);
  }

  #addSets(
    where: string,
    count: { hits: number; found: number; expected: number },
    expected: readonly string[],
    found: readonly string[],
  ): void {
    const [wanted, got] = [new Set(expected), new Set(found)];
    count.expected += wanted.size;
    count.found += got.size;
    count.hits += [...wanted].filter((each) => got.has(each)).length;
    for (const each of [...wanted].filter((one) => !got.has(one))) this.mistakes.push(`${where}: missed ${each}`);
    for (const each of [...got].filter((one) => !wanted.has(one))) this.mistakes.push(`${where}: made up ${each}`);
  }

  measures(answers: number): Measures {
    const { hits, found, expected } = this.#mention;
    const sentiments = this.#confusion.flat().reduce((sum, count) => sum + count, 0);
    const rightSentiments = CLASSES.reduce((sum, _, index) => sum + (this.#confusion[index]?.[index] ?? 0), 0);
    return {
      answers,
      mentionF1: f1(this.#mention),
      mentionPrecision: ratio(hits, found),
      mentionRecall: ratio(hits, expected),
      exactRank: ratio(this.#right.rank, expected),
      exactListRank: ratio(this.#right.list, expected),
      exactMentionRank: ratio(this.#right.mention, expected),
      urlF1: f1(this.#urls),
      namedF1: f1(this.#named),
      recommended: ratio(this.#right.recommended, this.#right.judged),
      sentiment: ratio(rightSentiments, sentiments),
      sentimentMacroF1: macroF1(this.#confusion),
      confusion: this.#confusion,
    };
  }
}

function f1({ hits, found, expected }: { hits: number; found: number; expected: number }): number {
  return found + expected === 0 ? 1 : (2 * hits) / (found + expected);
}

function macroF1(confusion: readonly (readonly number[])[]): number {
  const scores = confusion.map((row, index) =>
    f1({
      hits: row[index] ?? 0,
      expected: row.reduce((sum, count) => sum + count, 0),
      found: confusion.reduce((sum, each) => sum + (each[index] ?? 0), 0),
    }),
  );
  return scores.reduce((sum, score) => sum + score, 0) / scores.length;
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 1 : part / whole;
}
