/** `page.links`: where a page leads to. */
import { createRequire } from 'node:module';
import { type Document, isTag } from 'domhandler';
import { CatenaError } from '../../errors/catena-error.ts';
import type { LinkOptions } from '../contract/reading.ts';
import { attributeOf } from './select/attributes.ts';
import { compileSelector } from './select/compile.ts';
import { everythingIn, findInside } from './select/find.ts';
import type { Memory } from './select/memory.ts';

/** The page whose links are read. */
export interface LinkingPage {
  readonly document: Document;
  readonly xml: boolean;
  readonly memory: Memory;
  readonly url: string;
  /** What relative links are resolved against. */
  readonly base: string;
}

/** See `Reading.links`. */
export function linksOf(page: LinkingPage, { within, match, sameSite = false }: LinkOptions = {}): string[] {
  if (match !== undefined && typeof match !== 'function' && !(match instanceof RegExp)) {
    throw new CatenaError('module.wrong_argument', 'the match of links() must be a regular expression or a function');
  }
  const areas =
    within === undefined
      ? [page.document]
      : findInside([page.document], compileSelector(within, page.xml), page.memory);
  const site = sameSite ? siteOf(new URL(page.url)) : undefined;
  const found = new Set<string>();
  for (const element of [...areas.filter(isTag), ...everythingIn(areas)]) {
    if (element.name !== 'a' && element.name !== 'area') continue;
    const href = attributeOf(element, 'href');
    const url = href === undefined ? null : URL.parse(href, page.base);
    if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) continue;
    url.hash = '';
    if (found.has(url.href) || (site !== undefined && siteOf(url) !== site)) continue;
    if (match === undefined || (typeof match === 'function' ? match(url) : url.href.search(match) !== -1))
      found.add(url.href);
  }
  return [...found];
}

let domains: typeof import('tldts') | undefined;

/** The registrable domain; for an IP address and a bare host name, that. */
function siteOf({ hostname }: URL): string {
  // Loaded on first use, with its list of all suffixes.
  domains ??= createRequire(import.meta.url)('tldts') as typeof import('tldts');
  return domains.getDomain(hostname, { allowPrivateDomains: true }) ?? hostname;
}
