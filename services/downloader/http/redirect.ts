import { downloadError, withoutCredentials } from './download-error.ts';
import type { Hop } from './hop.ts';

/** Headers that describe the body; they are removed with it. */
const OF_THE_BODY = ['content-type', 'content-encoding', 'content-language', 'content-location', 'content-length'];

/**
 * Headers that may be sent to another origin: what every browser says to every server. Any other header may be a key that was meant
 * for one origin, whatever its name. `referer` goes along without its path.
 */
const FOR_EVERY_ORIGIN = new Set(['accept', 'accept-encoding', 'accept-language', 'user-agent', 'referer']);
/** These go along with a body that is sent again. */
const WITH_A_BODY = new Set([...OF_THE_BODY, 'idempotency-key']);

/** The statuses whose Location is followed. */
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** The Location that a response redirects to; undefined when it is no redirect. An empty one leads nowhere, as in browsers. */
export function redirectLocation(
  status: number,
  headers: Iterable<readonly [name: string, value: string]>,
): string | undefined {
  if (!REDIRECTS.has(status)) return undefined;
  for (const [name, value] of headers) if (name === 'location' && value !== '') return value;
  return undefined;
}

/**
 * The hop that a response redirects to. The rules for method and body are those of the Fetch standard: 303 turns everything but HEAD
 * into GET, 301 and 302 turn POST into GET, 307 and 308 repeat the request as it was. To another origin go only
 * harmless headers, and a body only if its request says so. Throws `download.invalid_url` for a Location that is not a URL,
 * `download.unsupported_protocol` for one that is not HTTP, `download.body_not_resent`.
 */
export function redirected(hop: Hop, status: number, location: string): Hop {
  const url = resolve(hop.url, location);
  const turnsIntoGet =
    (status === 303 && hop.method !== 'GET' && hop.method !== 'HEAD') ||
    ((status === 301 || status === 302) && hop.method === 'POST');
  const next = turnsIntoGet
    ? { ...hop, url, method: 'GET', headers: withoutBody(hop), body: undefined }
    : { ...hop, url };
  return url.origin === hop.url.origin ? next : toOtherOrigin(hop, next, status);
}

function withoutBody(hop: Hop): Map<string, string> {
  const headers = new Map(hop.headers);
  for (const name of OF_THE_BODY) headers.delete(name);
  return headers;
}

function toOtherOrigin(from: Hop, hop: Hop, status: number): Hop {
  const sendsBody = hop.body !== undefined;
  if (sendsBody && hop.resendsBody !== true) {
    throw downloadError('download.body_not_resent', {
      url: from.url,
      detail: `status ${status} leads to ${withoutCredentials(hop.url)}`,
      data: { status, location: withoutCredentials(hop.url) },
    });
  }
  const originOnly = new Set(hop.originOnly);
  const headers = new Map<string, string>();
  for (const [name, value] of hop.headers) {
    const goesAlong = FOR_EVERY_ORIGIN.has(name) || (sendsBody && WITH_A_BODY.has(name));
    if (!goesAlong || originOnly.has(name)) continue;
    const sent = name === 'referer' ? originOf(value, hop.url) : value;
    if (sent !== undefined) headers.set(name, sent);
  }
  return { ...hop, headers };
}

/** What a browser tells another origin about the page that the request comes from: nothing more than its origin, and over http only of http. */
function originOf(referer: string, target: URL): string | undefined {
  const url = URL.parse(referer);
  const isTold = url !== null && (url.protocol === target.protocol || target.protocol === 'https:');
  return isTold ? `${url.origin}/` : undefined;
}

function resolve(base: URL, location: string): URL {
  const from = `redirect from ${base.origin}`;
  const url = URL.parse(asWritten(location), base.href);
  if (url === null) throw downloadError('download.invalid_url', { url: location, detail: from });
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw downloadError('download.unsupported_protocol', { url, detail: from });
  }
  if (url.hash === '') url.hash = base.hash;
  return url;
}

/**
 * Header values are read as Latin-1, one character a byte. A byte beyond ASCII is escaped as it is, whatever encoding was meant, as in
 * browsers: the server gets the bytes that it wrote. In a host name the escapes are read as UTF-8.
 */
function asWritten(location: string): string {
  return location.replace(/[\x80-\xff]/g, (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** The redirects of one request. A page may redirect to itself, to set a cookie for example; only their number is limited. */
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

  /** Counts one redirect; throws `download.too_many_redirects` for one too many. */
  follow(from: URL, to: URL): void {
    this.#seen.add(from.href);
    this.#length += 1;
    if (this.#length <= this.#max) return;
    const loop = this.#seen.has(to.href);
    throw downloadError('download.too_many_redirects', {
      url: to,
      detail: `more than ${this.#max} times${loop ? ', and to a page that it came from' : ''}`,
      data: { maxRedirects: this.#max, loop },
    });
  }
}
