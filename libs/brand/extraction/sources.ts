/**
 * The sources of an answer in four grades. `cited`: the vendor's structured field. `linked`: a URL in the text. `named`:
 * 据知乎. `claimed`: the model's own JSON says so, which is no provenance and never counted.
 */
import { namedSources } from './named-sources.ts';
import { normaliseUrl, registrableDomain } from './normalise-url.ts';
import { type SiteCategory, siteNamed, siteOf } from './site-names.ts';
import type { UrlInText } from './urls-in-text.ts';

export type SourceGrade = 'cited' | 'linked' | 'named' | 'claimed';

export interface Citation {
  readonly url: string;
  readonly title?: string;
  /** The domain of the page, where the URL is a redirect of the vendor: the source is that page's, not the vendor's. */
  readonly site?: string;
}

export interface Source {
  readonly grade: SourceGrade;
  /** Normalised; null for a source that was only named. */
  readonly url: string | null;
  /** The registrable domain; null for a named source that nobody knows. */
  readonly domain: string | null;
  readonly siteName: string;
  readonly category: SiteCategory;
  /** Where it stands in the text; null for what came beside it. */
  readonly offset: number | null;
}

const GRADES: readonly SourceGrade[] = ['cited', 'linked', 'named', 'claimed'];

/** Every source once, in its best grade, `cited` first. Citations that are no URL are left out. */
export function sourcesOf(
  text: string,
  citations: readonly Citation[],
  urls: readonly UrlInText[],
  reasonAt: (offset: number) => string | undefined,
): Source[] {
  const all: Source[] = [
    ...citations.flatMap(({ url, title, site }) => urlSource('cited', url, null, { title, redirectsTo: site })),
    ...urls.flatMap(({ url, start }) => {
      // The URL itself is always left out; what matters is whether something around it is.
      const around = reasonAt(start);
      if (around === 'reasoning') return [];
      return urlSource(around === 'json' ? 'claimed' : 'linked', url, start);
    }),
    ...namedSources(text, (offset) => ['reasoning', 'json'].includes(reasonAt(offset) ?? '')).map(({ name, start }) =>
      namedSource(name, start),
    ),
  ];
  const best = new Map<string, Source>();
  for (const source of all.sort((a, b) => GRADES.indexOf(a.grade) - GRADES.indexOf(b.grade))) {
    const key = source.url ?? source.siteName;
    if (!best.has(key)) best.set(key, source);
  }
  return [...best.values()];
}

function urlSource(
  grade: SourceGrade,
  raw: string,
  offset: number | null,
  { title, redirectsTo }: { readonly title?: string | undefined; readonly redirectsTo?: string | undefined } = {},
): Source[] {
  const url = normaliseUrl(raw);
  const target = redirectsTo === undefined ? undefined : registrableDomain(`https://${redirectsTo}`);
  const domain = url === undefined ? undefined : (target ?? registrableDomain(url));
  if (url === undefined || domain === undefined) return [];
  const site = siteOf(domain);
  return [{ grade, url, domain, siteName: site?.name ?? title ?? domain, category: site?.category ?? 'other', offset }];
}

function namedSource(name: string, offset: number): Source {
  const site = siteNamed(name);
  return {
    grade: 'named',
    url: null,
    domain: site?.domain ?? null,
    siteName: name,
    category: site?.category ?? 'other',
    offset,
  };
}
