/** What an answer says about one brand in the shape that existing front ends read. */
import type { AnswerFindings } from './extract-answer.ts';
import { unread } from './meter.ts';
import { polarityOf } from './polarity.ts';
import { feelingOf, type Sentiment } from './sentiment.ts';
import { linesOf, sentencesOf, spanAt } from './text-spans.ts';

export interface GeoData {
  /** Null if the answer was cut off before it named the brand: it may have named it later. */
  readonly brand_mentioned: boolean | null;
  /** From 1; null when the brand is not mentioned (the legacy API writes −1), or not known to be. */
  readonly rank: number | null;
  /** −1 to 1; 0 when nothing is said. Null for an answer that was cut off. */
  readonly sentiment: number | null;
  readonly cited_sources: readonly {
    readonly url: string;
    readonly site_name: string;
    readonly attitude: Sentiment;
  }[];
  /** Whether a rival is recommended and the brand is absent. Null if the answer was cut off before it named the brand. */
  readonly interception: boolean | null;
}

/**
 * `text` is the answer from which the findings were read, and `isWhole` says whether it is all of it; a brand that was not looked
 * for counts as absent.
 */
export function geoData(findings: AnswerFindings, brand: string, text: string, isWhole: boolean): GeoData {
  const own = findings.brands.find((finding) => finding.brand === brand);
  const mentioned = own?.mentioned === true;
  const sentences = linesOf(text).flatMap((line) => sentencesOf(text, line));
  return {
    brand_mentioned: mentioned || (isWhole ? false : null),
    rank: own?.rank ?? null,
    sentiment: isWhole ? (own?.sentimentScore ?? 0) : null,
    cited_sources: findings.sources.flatMap(({ grade, url, siteName, offset }) => {
      if (url === null || (grade !== 'cited' && grade !== 'linked')) return [];
      const sentence = offset === null ? undefined : sentences[spanAt(sentences, offset)];
      const attitude =
        sentence === undefined
          ? 'neutral'
          : feelingOf({ ...polarityOf(text.slice(sentence.start, sentence.end), unread()) }).sentiment;
      return [{ url, site_name: siteName, attitude }];
    }),
    interception: !mentioned && (isWhole ? findings.brands.some(({ recommended }) => recommended) : null),
  };
}
