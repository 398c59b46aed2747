/** The sites that answers cite: by domain, by category, by owner. */
import type { Brand } from '../extraction/brand.ts';
import { type SiteCategory, siteOf } from '../extraction/site-names.ts';
import { type AnswerRow, answered } from './answer-row.ts';
import { provenDomains } from './brand-figures.ts';
import { type Figure, rate } from './figure.ts';

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
  /** Citations (one per answer and domain) of each kind / all of them. */
  readonly byOwnership: Readonly<Record<Ownership, Figure>>;
  readonly byCategory: readonly { readonly category: SiteCategory; readonly share: Figure }[];
}

/** `main` is the diagnosed brand; domains of the others are rivals'. */
export function sourceFigures(rows: readonly AnswerRow[], main: string, brands: readonly Brand[]): SourceFigures {
  const answers = answered(rows).map((row) => ({ model: row.model, domains: new Set(provenDomains(row)) }));
  const sourced = answers.filter(({ domains }) => domains.size > 0);
  const counts = new Map<string, { answers: number; models: Set<string> }>();
  for (const { model, domains } of sourced) {
    for (const domain of domains) {
      const count = counts.get(domain) ?? { answers: 0, models: new Set<string>() };
      count.answers += 1;
      count.models.add(model);
      counts.set(domain, count);
    }
  }
  const domains = [...counts].map(([domain, count]) => ({
    domain,
    siteName: siteOf(domain)?.name ?? domain,
    category: siteOf(domain)?.category ?? ('other' as const),
    ownership: ownershipOf(domain, main, brands),
    answers: rate(count.answers, sourced.length),
    models: [...count.models].sort(),
  }));
  domains.sort((a, b) => b.answers.numerator - a.answers.numerator || (a.domain < b.domain ? -1 : 1));
  const shareOf = (holds: (each: DomainFigures) => boolean): Figure =>
    rate(sum(domains.filter(holds)), sum(domains), sourced.length);
  return {
    sourcedAnswers: rate(sourced.length, answers.length),
    domains,
    byOwnership: {
      owned: shareOf(({ ownership }) => ownership === 'owned'),
      rival: shareOf(({ ownership }) => ownership === 'rival'),
      third_party: shareOf(({ ownership }) => ownership === 'third_party'),
    },
    byCategory: [...new Set(domains.map(({ category }) => category))]
      .map((category) => ({ category, share: shareOf((each) => each.category === category) }))
      .sort((a, b) => b.share.numerator - a.share.numerator),
  };
}

function ownershipOf(domain: string, main: string, brands: readonly Brand[]): Ownership {
  const owner = brands.find(({ domains }) => domains?.includes(domain) === true);
  if (owner === undefined) return 'third_party';
  return owner.name === main ? 'owned' : 'rival';
}

function sum(domains: readonly DomainFigures[]): number {
  return domains.reduce((total, { answers }) => total + answers.numerator, 0);
}
