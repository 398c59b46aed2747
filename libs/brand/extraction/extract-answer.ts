/**
 * What one answer says about each brand: whether and where it is named, how it is ranked and spoken of, and what the
 * answer cites. Pure, linear in the text, and it never throws, whatever the text holds.
 */
import { settledMentions } from './at-the-cut.ts';
import type { Brand } from './brand.ts';
import { fold } from './fold.ts';
import { type LeftOut, leaveOut } from './left-out.ts';
import { listGroups } from './list-groups.ts';
import { type Ranking, rankBrands } from './list-rank.ts';
import { type BrandMatcher, brandMatcher, findMentions } from './match-brands.ts';
import { type Meter, unread } from './meter.ts';
import { recommendations } from './recommendation.ts';
import { feelings, type Sentiment } from './sentiment.ts';
import { simplified } from './simplified.ts';
import { type Citation, type Source, sourcesOf } from './sources.ts';
import { statementsOf } from './statements.ts';
import { tableGroups } from './table-rows.ts';
import { linesOf, sentencesOf, spanAt } from './text-spans.ts';
import { unlistedNames } from './unlisted.ts';

export interface AnswerToRead {
  readonly text: string;
  /** What was asked; its echo does not count as a mention. */
  readonly question: string;
  readonly brands: readonly Brand[];
  /** What the vendor's structured fields cite. */
  readonly citations?: readonly Citation[];
  /** Whether it is all that the model would have said; default true. Of a text that was cut off, the end is read with care. */
  readonly isWhole?: boolean;
}

export interface Evidence {
  /** The sentence of the first mention, as it stands at `start` to `end` of the answer. */
  readonly sentence: string;
  readonly start: number;
  readonly end: number;
}

export interface BrandFinding {
  readonly brand: string;
  readonly mentioned: boolean;
  /** Number of the list item whose head names the brand. */
  readonly listRank: number | null;
  /** Place in the order of first mentions among the given brands; from 1. */
  readonly mentionRank: number | null;
  /** `listRank`, or else `mentionRank`. */
  readonly rank: number | null;
  readonly rankSource: 'list' | 'mention' | null;
  readonly recommended: boolean;
  /** Whether the answer advises against it. */
  readonly discouraged: boolean;
  readonly sentiment: Sentiment | null;
  /** −1 to 1; null when the brand is not mentioned. */
  readonly sentimentScore: number | null;
  readonly evidence: Evidence | null;
  /** Every mention that counts, as offsets of the answer. */
  readonly mentions: readonly { readonly start: number; readonly end: number }[];
}

export interface AnswerFindings {
  readonly brands: readonly BrandFinding[];
  readonly sources: readonly Source[];
  readonly leftOut: readonly LeftOut[];
  /** Names that stand in lists beside the given brands, and are none of them. */
  readonly unlisted: readonly string[];
}

/** Reads an answer. A matcher made once by `brandMatcher` may be given when many answers are read for the same brands. */
export function extractAnswer(
  { text: written, question, brands, citations = [], isWhole = true }: AnswerToRead,
  matcher: BrandMatcher = brandMatcher(brands),
  meter: Meter = unread(),
): AnswerFindings {
  // Of the same length, so that every offset is one of the answer as it was written.
  const text = simplified(written);
  const folded = fold(written);
  const { leftOut, urls, reasonAt } = leaveOut(text, question, folded, meter);
  const skips = (offset: number): boolean => ['reasoning', 'json'].includes(reasonAt(offset) ?? '');
  const counted = findMentions(matcher, folded, meter).filter(({ start }) => reasonAt(start) === undefined);
  const mentions = isWhole ? counted : settledMentions(text, counted, brands);
  const groups = [...listGroups(text, skips, meter), ...tableGroups(text, skips, mentions, meter)];
  const ranking = rankBrands(text, groups, mentions);
  const unread = (offset: number): boolean => reasonAt(offset) !== undefined;
  const statements = statementsOf(text, mentions, ranking.items, unread, meter);
  const { recommended, discouraged } = recommendations(statements, ranking, question);
  const moods = feelings(brands.length, statements, ranking.discouraged, meter);
  const byBrand = Map.groupBy(mentions, ({ brand }) => brand);
  const order = [...byBrand.keys()];
  const sentences = linesOf(text).flatMap((line) => sentencesOf(text, line));
  return {
    brands: brands.map(({ name }, brand) => {
      const own = byBrand.get(brand);
      const mood = moods[brand];
      if (own === undefined || mood === undefined) return absent(name);
      const ranks = ranksOf(brand, ranking, order);
      return {
        brand: name,
        mentioned: true,
        ...ranks,
        recommended: recommended.has(brand),
        discouraged: discouraged.has(brand),
        sentiment: mood.sentiment,
        sentimentScore: mood.score,
        evidence: evidenceAt(written, sentences, own[0]?.start ?? 0),
        mentions: own.map(({ start, end }) => ({ start, end })),
      };
    }),
    // An address at the cut may be the beginning of another.
    sources: sourcesOf(written, citations, isWhole ? urls : urls.filter(({ end }) => end < written.length), reasonAt),
    leftOut,
    unlisted: unlistedNames(written, groups, mentions),
  };
}

function ranksOf(
  brand: number,
  { listRank }: Ranking,
  order: readonly number[],
): Pick<BrandFinding, 'listRank' | 'mentionRank' | 'rank' | 'rankSource'> {
  const inList = listRank.get(brand) ?? null;
  const mentionRank = order.indexOf(brand) + 1;
  return {
    listRank: inList,
    mentionRank,
    rank: inList ?? mentionRank,
    rankSource: inList === null ? 'mention' : 'list',
  };
}

function evidenceAt(
  text: string,
  sentences: readonly { readonly start: number; readonly end: number }[],
  offset: number,
): Evidence | null {
  const sentence = sentences[spanAt(sentences, offset)];
  if (sentence === undefined) return null;
  const words = text.slice(sentence.start, sentence.end);
  const start = sentence.start + words.length - words.trimStart().length;
  return { sentence: words.trim(), start, end: start + words.trim().length };
}

function absent(brand: string): BrandFinding {
  return {
    brand,
    mentioned: false,
    listRank: null,
    mentionRank: null,
    rank: null,
    rankSource: null,
    recommended: false,
    discouraged: false,
    sentiment: null,
    sentimentScore: null,
    evidence: null,
    mentions: [],
  };
}
