/**
 * What one answer tells about one brand, for each figure. Every figure is a ratio of two sums over answers, and each answer adds a
 * part to both sums. A whole answer adds one known pair. An answer that was cut off has said something and left something unsaid, so
 * it adds the pair that makes the figure smallest and the pair that makes it largest: interval arithmetic, once, for all figures.
 *
 * What is known of a cut-off answer was measured on every labelled answer, cut at 20 places (`npm run eval:brand -- --bias`): a
 * brand that has been named stays named, the order of first mentions and the number of a list item stay as they are. The absence of a
 * brand, advice, sentiment and sources are not known before the end. Bounds of partially observed data: C. F. Manski, "Partial
 * Identification of Probability Distributions", 2003, chapter 1.
 */
import type { BrandFinding } from '../extraction/extract-answer.ts';
import type { AnsweredRow } from './answer-row.ts';

/** What an answer adds to the two sums of a figure. `of` is 0 if the answer does not take part. */
export interface Ratio {
  readonly part: number;
  readonly of: number;
}

export interface Observation {
  /** What was heard. */
  readonly seen: Ratio;
  /** What makes the figure smallest, whatever the answer would have said. */
  readonly least: Ratio;
  /** What makes the figure largest. */
  readonly most: Ratio;
}

/** How a figure is measured: a share of 0 to 1, a net score of −1 to 1, or a rank, 1 the best. */
export type Scale = 'share' | 'net' | 'rank';

/** The figures of a brand, and their scales. */
export const BRAND_SCALES = {
  mentionRate: 'share',
  firstMentionRate: 'share',
  averageRank: 'rank',
  top3Rate: 'share',
  shareOfVoice: 'share',
  citationRate: 'share',
  recommendationRate: 'share',
  sentiment: 'net',
  positive: 'share',
  neutral: 'share',
  negative: 'share',
  interception: 'share',
} as const satisfies Readonly<Record<string, Scale>>;

export type FigureName = keyof typeof BRAND_SCALES;
export const FIGURE_NAMES = Object.keys(BRAND_SCALES) as FigureName[];

export type BrandObservations = Readonly<Record<FigureName, Observation>>;

export interface ObservedBrand {
  readonly name: string;
  /** The registrable domains that it owns. */
  readonly domains: readonly string[];
  /** The worst rank that an unheard part is taken to hold: see {@link worstRankOf}. */
  readonly worstRank: number;
}

const NOTHING: Ratio = { part: 0, of: 0 };
const ABSENT = known(NOTHING);
const UNKNOWN: Observation = { seen: { part: 0, of: 1 }, least: { part: 0, of: 1 }, most: { part: 1, of: 1 } };

/** An observation without doubt. */
export function known(ratio: Ratio): Observation {
  return { seen: ratio, least: ratio, most: ratio };
}

/** Whether something holds: known, or unknown until the end of the answer. */
export function holds(isTrue: boolean, isKnown: boolean): Observation {
  return isKnown ? known({ part: Number(isTrue), of: 1 }) : UNKNOWN;
}

export function isKnown({ least, most }: Observation): boolean {
  return least.part === most.part && least.of === most.of;
}

/**
 * The worst rank that is assumed for what was not heard: the worst rank in any answer of the run, at least the number of the given
 * brands. It is an assumption: an unheard list may be longer than every list that was heard.
 */
export function worstRankOf(rows: readonly AnsweredRow[]): number {
  let worst = 1;
  for (const { findings } of rows) {
    worst = Math.max(worst, findings.brands.length);
    for (const { rank } of findings.brands) worst = Math.max(worst, rank ?? 1);
  }
  return worst;
}

/** Everything that one answer tells about one brand. */
export function observe(row: AnsweredRow, { name, domains, worstRank }: ObservedBrand): BrandObservations {
  const { brands } = row.findings;
  const isWhole = row.status === 'whole';
  const own = brands.find(({ brand }) => brand === name);
  const isMentioned = own?.mentioned === true;
  const hasRank = isWhole || own?.rankSource === 'list';
  const mood = (...moods: readonly BrandFinding['sentiment'][]): Observation =>
    isWhole ? whenMentioned(isMentioned, Number(moods.includes(own?.sentiment ?? null))) : unheard(0, 1);
  return {
    mentionRate: holds(isMentioned, isWhole || isMentioned),
    firstMentionRate: holds(own?.mentionRank === 1, isWhole || brands.some(({ mentioned }) => mentioned)),
    averageRank: hasRank ? whenMentioned(isMentioned, own?.rank ?? 0) : unheard(1, worstRank),
    top3Rate: holds(isMentioned && (own?.rank ?? 4) <= 3, hasRank),
    shareOfVoice: voice(row, name),
    citationRate: citation(row, (domain) => domains.includes(domain)),
    recommendationRate: holds(own?.recommended === true, isWhole),
    sentiment: isWhole ? whenMentioned(isMentioned, netOf(own)) : unheard(-1, 1),
    positive: mood('positive'),
    neutral: mood('neutral', null),
    negative: mood('negative'),
    interception: holds(interceptors(row, name).length > 0, isWhole || isMentioned),
  };
}

/**
 * Whether an answer with sources has one of a kind. An answer that was cut off may still get sources, and sources of this kind.
 */
export function citation(row: AnsweredRow, isWanted: (domain: string) => boolean): Observation {
  const domains = provenDomains(row);
  const isCited = domains.some(isWanted);
  if (isCited) return known({ part: 1, of: 1 });
  const seen = { part: 0, of: Number(domains.length > 0) };
  return row.status === 'whole' ? known(seen) : { ...unheard(0, 1), seen };
}

/** The brands that an answer recommends without mentioning the given one. */
export function interceptors({ findings }: Pick<AnsweredRow, 'findings'>, brand: string): string[] {
  const own = findings.brands.find((finding) => finding.brand === brand);
  if (own === undefined || own.mentioned) return [];
  return findings.brands.filter(({ recommended }) => recommended).map((finding) => finding.brand);
}

/** Domains that an answer cites or links; named and claimed sources do not count. */
export function provenDomains({ findings }: Pick<AnsweredRow, 'findings'>): string[] {
  return findings.sources.flatMap(({ grade, domain }) =>
    domain !== null && (grade === 'cited' || grade === 'linked') ? [domain] : [],
  );
}

/** Over the answers that mention the brand: the others do not take part. */
function whenMentioned(isMentioned: boolean, part: number): Observation {
  return isMentioned ? known({ part, of: 1 }) : ABSENT;
}

/** The answer may take part with any value of the scale; to take part with the worst or best one is the extreme. */
function unheard(least: number, most: number): Observation {
  return { seen: NOTHING, least: { part: least, of: 1 }, most: { part: most, of: 1 } };
}

/** The share grows with the brand's own mentions, and shrinks with those of others. */
function voice({ status, findings: { brands } }: AnsweredRow, name: string): Observation {
  const heard = (isOwn: boolean): number =>
    brands.filter(({ brand, mentioned }) => mentioned && (brand === name) === isOwn).length;
  const possible = (isOwn: boolean): number =>
    status === 'whole' ? heard(isOwn) : brands.filter(({ brand }) => (brand === name) === isOwn).length;
  const [own, others] = [heard(true), heard(false)];
  return {
    seen: { part: own, of: own + others },
    least: { part: own, of: own + possible(false) },
    most: { part: possible(true), of: possible(true) + others },
  };
}

function netOf(finding: BrandFinding | undefined): number {
  if (finding?.sentiment === 'positive') return 1;
  return finding?.sentiment === 'negative' ? -1 : 0;
}
