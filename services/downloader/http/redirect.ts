import { downloadError } from './download-error.ts';
import { isRedirect } from './exchange.ts';
import type { Hop } from './hop.ts';

/** Headers that are never sent to another origin: they were written for one origin only. */
const FOR_THE_ORIGIN_ONLY = ['authorization', 'proxy-authorization', 'cookie', 'host'];
/** Headers that describe the body; they are removed with it. */
const OF_THE_BODY = ['content-type', 'content-encoding', 'content-language', 'content-location', 'content-length'];

/**
 * The hop that a response redirects to; undefined when the response is final. The rules are those of the Fetch standard:
 * 303 turns everything but HEAD into GET, 301 and 302 turn POST into GET, 307 and 308 repeat the request as it was.
 * Throws `download.invalid_url` for a Location that is not a URL, `download.unsupported_protocol` for one that is not HTTP.
 */
export function redirected(hop: Hop, status: number, location: string | undefined): Hop | undefined {
  if (location === undefined || !isRedirect(status)) return undefined;
  const url = resolve(hop.url, location);
  const turnsIntoGet =
    (status === 303 && hop.method !== 'GET' && hop.method !== 'HEAD') ||
    ((status === 301 || status === 302) && hop.method === 'POST');
  const headers = new Map(hop.headers);
  if (turnsIntoGet) for (const name of OF_THE_BODY) headers.delete(name);
  if (url.origin !== hop.url.origin) {
    for (const name of [...FOR_THE_ORIGIN_ONLY, ...(hop.originOnly ?? [])]) headers.delete(name);
  }
  return turnsIntoGet ? { ...hop, url, method: 'GET', headers, body: undefined } : { ...hop, url, headers };
}

function resolve(base: URL, location: string): URL {
  const from = `redirect from ${base.origin}`;
  const url = URL.parse(utf8(location), base.href);
  if (url === null) throw downloadError('download.invalid_url', { url: location, detail: from });
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw downloadError('download.unsupported_protocol', { url, detail: from });
  }
  if (url.hash === '') url.hash = base.hash;
  return url;
}

/** Header values are read as Latin-1, but non-ASCII bytes in a Location are UTF-8. */
function utf8(value: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is the range of ASCII that is meant.
  return /^[\x00-\x7f]*$/.test(value) ? value : Buffer.from(value, 'latin1').toString('utf8');
}

/** The parts of a hop that tell one visit of a URL from another. */
interface Visit {
  readonly hop: Hop;
  readonly cookie: string;
}

/** The redirects of one request. A repeated URL is a loop only with the same cookies, because log-ins return to a URL. */
export class RedirectTrail {
  readonly #max: number;
  readonly #seen = new Set<string>();
  #length = 0;

  constructor(max: number) {
    this.#max = max;
  }

  get length(): number {
    return this.#length;
  }

  /** Counts one redirect; throws `download.too_many_redirects` for one too many and for a loop. */
  follow(from: Visit, to: Visit): void {
    this.#seen.add(lineOf(from));
    this.#length += 1;
    const isLoop = this.#seen.has(lineOf(to));
    if (!isLoop && this.#length <= this.#max) return;
    throw downloadError('download.too_many_redirects', {
      url: to.hop.url,
      detail: isLoop ? 'the redirects form a loop' : `more than ${this.#max} times`,
      data: { maxRedirects: this.#max, loop: isLoop },
    });
  }
}

function lineOf({ hop, cookie }: Visit): string {
  return `${hop.method} ${hop.url.href} ${cookie}`;
}
