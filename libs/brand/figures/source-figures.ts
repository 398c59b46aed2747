/** The sites that answers cite: by domain, by category, by owner. */
import type { Brand } from '../extraction/brand.ts';
import { type SiteCategory, siteOf } from '../extraction/site-names.ts';
import { type AnswerRow, answered } from './answer-row.ts';
import { type Figure, figureOf, rate } from './figure.ts';
import { citation, holds, provenDomains } from './observation.ts';

export type Ownership = 'owned' | 'rival' | 'third_party';

export interface DomainFigures {
  readonly domain: string;
  readonly siteName: string;
  readonly category: SiteCategory;
  readonly ownership: Ownership;
  /** Answers that cite or link it / answers with sources. */
  readonly answers: Figure;
  /** Models whose answers cite it. */
  readonly models: readonly string[];
}

export interface SourceFigures {
  /** Answers with at least one cited or linked source / answers. */
  readonly sourcedAnswers: Figure;
  /** Most cited first, then by name. */
  readonly domains: readonly DomainFigures[];
  /** Of whole answers only, since what a cut-off one would have cited is unknown: citations (one per answer and domain) of a kind / all. */
  readonly byOwnership: Readonly<Record<Ownership, Figure>>;
  readonly byCategory: readonly { readonly category: SiteCategory; readonly share: Figure }[];
}

/** `main` is the diagnosed brand; domains of the others are rivals'. */
export function sourceFigures(rows: readonly AnswerRow[], main: string, brands: readonly Brand[]): SourceFigures {
  const answers = answered(rows);
  const citing = new Map<string, { answers: number; whole: number; models: Set<string> }>();
  for (const row of answers) {
    for (const domain of new Set(provenDomains(row))) {
      const count = citing.get(domain) ?? { answers: 0, whole: 0, models: new Set<string>() };
      count.answers += 1;
      if (row.status === 'whole') count.whole += 1;
      count.models.add(row.model);
      citing.set(domain, count);
    }
  }
  const wholes = (domain: string): number => citing.get(domain)?.whole ?? 0;
  const domains = [...citing].map(([domain, { models }]) => ({
    domain,
    siteName: siteOf(domain)?.name ?? domain,
    category: siteOf(domain)?.category ?? ('other' as const),
    ownership: ownershipOf(domain, main, brands),
    answers: figureOf(
      answers.map((row) => citation(row, (each) => each === domain)),
      'share',
    ),
    models: [...models].sort(),
  }));
  domains.sort((a, b) => b.answers.numerator - a.answers.numerator || (a.domain < b.domain ? -1 : 1));
  const inWhole = domains.filter(({ domain }) => wholes(domain) > 0);
  const sum = (some: readonly DomainFigures[]): number => some.reduce((total, { domain }) => total + wholes(domain), 0);
  const shareOf = (holding: (each: DomainFigures) => boolean): Figure =>
    rate(sum(inWhole.filter(holding)), sum(inWhole));
  return {
    sourcedAnswers: figureOf(
      answers.map((row) => {
        const isSourced = provenDomains(row).length > 0;
        return holds(isSourced, isSourced || row.status === 'whole');
      }),
      'share',
    ),
    domains,
    byOwnership: {
      owned: shareOf(({ ownership }) => ownership === 'owned'),
      rival: shareOf(({ ownership }) => ownership === 'rival'),
      third_party: shareOf(({ ownership }) => ownership === 'third_party'),
    },
    byCategory: [...new Set(inWhole.map(({ category }) => category))]
      .map((category) => ({ category, share: shareOf((each) => each.category === category) }))
      .sort((a, b) => b.share.numerator - a.share.numerator),
  };
}

function ownershipOf(domain: string, main: string, brands: readonly Brand[]): Ownership {
  const owner = brands.find(({ domains }) => domains?.includes(domain) === true);
  if (owner === undefined) return 'third_party';
  return owner.name === main ? 'owned' : 'rival';
}
