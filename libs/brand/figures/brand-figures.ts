/** The figures of one brand over a set of rows. A failed call is missing coverage, never an answer without the brand. */
import type { BrandFinding } from '../extraction/extract-answer.ts';
import { type AnsweredRow, type AnswerRow, answered } from './answer-row.ts';
import { type Figure, mean, netScore, rate } from './figure.ts';

export interface BrandFigures {
  readonly brand: string;
  /** Answers that mention the brand / answers. */
  readonly mentionRate: Figure;
  /** Answers that mention it before every other given brand / answers. */
  readonly firstMentionRate: Figure;
  /** Sum of ranks / answers that mention it. */
  readonly averageRank: Figure;
  /** Answers that rank it third or better / answers. */
  readonly top3Rate: Figure;
  /** Answers that mention it / mentions of all given brands, each counted once per answer. */
  readonly shareOfVoice: Figure;
  /** Answers with sources that cite one of the brand's own domains / answers with sources (`cited` or `linked`). */
  readonly citationRate: Figure;
  /** Answers that recommend it / answers. */
  readonly recommendationRate: Figure;
  /** (positive − negative) / answers that mention it. */
  readonly sentiment: Figure;
  readonly positive: Figure;
  readonly neutral: Figure;
  readonly negative: Figure;
  /** Answers that recommend another given brand and do not mention this one / answers. */
  readonly interception: Figure;
}

/** `domains` are the registrable domains that the brand owns. */
export function brandFigures(rows: readonly AnswerRow[], brand: string, domains: readonly string[] = []): BrandFigures {
  const answers = answered(rows);
  const all = answers.length;
  const own = answers.map((row) => findingOf(row, brand));
  const mentioned = own.filter((finding) => finding?.mentioned === true) as BrandFinding[];
  const count = (holds: (finding: BrandFinding) => boolean): number => mentioned.filter(holds).length;
  const voices = answers.flatMap(({ findings }) => findings.brands.filter((finding) => finding.mentioned)).length;
  const positive = count(({ sentiment }) => sentiment === 'positive');
  const negative = count(({ sentiment }) => sentiment === 'negative');
  const sourced = answers.filter((row) => provenDomains(row).length > 0);
  return {
    brand,
    mentionRate: rate(mentioned.length, all),
    firstMentionRate: rate(
      count(({ mentionRank }) => mentionRank === 1),
      all,
    ),
    averageRank: mean(mentioned.flatMap(({ rank }) => (rank === null ? [] : [rank]))),
    top3Rate: rate(
      count(({ rank }) => rank !== null && rank <= 3),
      all,
    ),
    shareOfVoice: rate(mentioned.length, voices, all),
    citationRate: rate(
      sourced.filter((row) => provenDomains(row).some((domain) => domains.includes(domain))).length,
      sourced.length,
    ),
    recommendationRate: rate(
      count(({ recommended }) => recommended),
      all,
    ),
    sentiment: netScore(positive, negative, mentioned.length),
    positive: rate(positive, mentioned.length),
    neutral: rate(mentioned.length - positive - negative, mentioned.length),
    negative: rate(negative, mentioned.length),
    interception: rate(answers.filter((row) => interceptors(row, brand).length > 0).length, all),
  };
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

function findingOf({ findings }: AnsweredRow, brand: string): BrandFinding | undefined {
  return findings.brands.find((finding) => finding.brand === brand);
}
