import { registrableDomain } from '../extraction/normalise-url.ts';
import type { Report } from '../module/report.ts';
import type { DeepIntelligenceBody } from './bodies.ts';

export type NegativeSource = DeepIntelligenceBody['negative_sources'][number];

/**
 * Pages that answers cite in criticism: each cited or linked page in a negative sentence of an answer
 * that mentions the brand, with the number of such answers; most first, then by address.
 */
export function negativeSources({ results }: Pick<Report, 'results'>): NegativeSource[] {
  const pages = new Map<string, NegativeSource>();
  for (const { data, model, question } of results) {
    if (data?.brand_mentioned !== true) continue;
    const negative = data.cited_sources.filter(({ attitude }) => attitude === 'negative');
    for (const { url, site_name } of new Map(negative.map((source) => [source.url, source])).values()) {
      const domain = registrableDomain(url) ?? null;
      const page = pages.get(url) ?? { url, site_name, domain, answers: 0, models: [], questions: [] };
      page.answers += 1;
      if (!page.models.includes(model)) page.models.push(model);
      if (!page.questions.includes(question)) page.questions.push(question);
      pages.set(url, page);
    }
  }
  return [...pages.values()].sort((a, b) => b.answers - a.answers || (a.url < b.url ? -1 : 1));
}
