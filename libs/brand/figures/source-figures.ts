/** The sites that answers cite: by domain, by category, by owner. */
import type { Brand } from '../extraction/brand.ts';
import { type SiteCategory, siteOf } from '../extraction/site-names.ts';
import { type AnsweredRow, type AnswerRow, answered } from './answer-row.ts';
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
  /** Most cited first, then by name; at most {@link MAX_DOMAINS}. */
  readonly domains: readonly DomainFigures[];
  /** How many more are cited; reports of older versions, which have all domains, do not say. */
  readonly moreDomains?: number;
  /** Of whole answers only, since what a cut-off one would have cited is unknown: citations (one per answer and domain) of a kind / all. */
  readonly byOwnership: Readonly<Record<Ownership, Figure>>;
  readonly byCategory: readonly { readonly category: SiteCategory; readonly share: Figure }[];
}

/** The most domains of a table that have figures; which are left out is said by `moreDomains`. */
export const MAX_DOMAINS = 50;

interface CitedDomain {
  readonly domain: string;
  readonly category: SiteCategory;
  readonly ownership: Ownership;
  answers: number;
  whole: number;
  readonly models: Set<string>;
}

/** `main` is the diagnosed brand; domains of the others are rivals'. */
export function sourceFigures(rows: readonly AnswerRow[], main: string, brands: readonly Brand[]): SourceFigures {
  const answers = answered(rows);
  const cited = citedDomains(answers, main, brands);
  const shown = cited.slice(0, MAX_DOMAINS).map(({ domain, category, ownership, models }) => ({
    domain,
    siteName: siteOf(domain)?.name ?? domain,
    category,
    ownership,
    answers: figureOf(
      answers.map((row) => citation(row, (each) => each === domain)),
      'share',
    ),
    models: [...models].sort(),
  }));
  const inWhole = cited.filter(({ whole }) => whole > 0);
  const sum = (some: readonly CitedDomain[]): number => some.reduce((total, { whole }) => total + whole, 0);
  const all = sum(inWhole);
  const shareOf = (holding: (each: CitedDomain) => boolean): Figure => rate(sum(inWhole.filter(holding)), all);
  return {
    sourcedAnswers: figureOf(
      answers.map((row) => {
        const isSourced = provenDomains(row).length > 0;
        return holds(isSourced, isSourced || row.status === 'whole');
      }),
      'share',
    ),
    domains: shown,
    moreDomains: cited.length - shown.length,
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

/** Most cited first, then by name. */
function citedDomains(answers: readonly AnsweredRow[], main: string, brands: readonly Brand[]): CitedDomain[] {
  const found = new Map<string, CitedDomain>();
  for (const row of answers) {
    for (const domain of new Set(provenDomains(row))) {
      const known = found.get(domain);
      const count = known ?? {
        ...{ domain, category: siteOf(domain)?.category ?? ('other' as const) },
        ...{ ownership: ownershipOf(domain, main, brands), answers: 0, whole: 0, models: new Set<string>() },
      };
      if (known === undefined) found.set(domain, count);
      count.answers += 1;
      if (row.status === 'whole') count.whole += 1;
      count.models.add(row.model);
    }
  }
  return [...found.values()].sort((a, b) => b.answers - a.answers || (a.domain < b.domain ? -1 : 1));
}

function ownershipOf(domain: string, main: string, brands: readonly Brand[]): Ownership {
  const owner = brands.find(({ domains }) => domains?.includes(domain) === true);
  if (owner === undefined) return 'third_party';
  return owner.name === main ? 'owned' : 'rival';
}
