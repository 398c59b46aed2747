/** One spelling per page, so that two citations of it are one source. */
import { parse } from 'tldts';

const SCHEME = /^https?:\/\//i;
/** A host with what may follow it, as vendors cite pages without a scheme. */
const WITHOUT_SCHEME = /^(?:\/\/)?[^\s:/?#@\\]+(?::\d{1,5})?(?=[/?#]|$)/;
/** The path and the query as they are written; the host goes before them. */
const PATH_AND_QUERY = /^https?:\/\/[^/?#\\]*([^?#]*)(?:\?([^#]*))?/i;
const TRACKING = /^utm_/i;
const MAX_URL_CHARS = 2_000;

/**
 * A URL without what does not name the page: `https://` where the scheme is missing, the host in lower case without `www.`
 * or `m.`; no fragment, no `utm_` parameter, no closing slash. Scheme, path and other parameters stay as they are written.
 * Undefined when it is no http(s) URL of a host with a registrable domain. Applying it twice changes nothing.
 */
export function normaliseUrl(url: string): string | undefined {
  if (url.length > MAX_URL_CHARS) return undefined;
  const written = url.trim().replace(/\s/g, encodeURIComponent);
  const whole = SCHEME.test(written) ? written : withScheme(written);
  const parsed = whole === undefined ? null : URL.parse(whole);
  if (whole === undefined || parsed === null) return undefined;
  const host = pageHost(parsed.hostname);
  if (host === undefined) return undefined;
  const [, path = '', query = ''] = PATH_AND_QUERY.exec(whole) ?? [];
  const kept = query
    .split('&')
    .filter((parameter) => !TRACKING.test(parameter))
    .join('&');
  const port = parsed.port === '' ? '' : `:${parsed.port}`;
  return `${parsed.protocol}//${host}${port}${path.replace(/\/+$/, '')}${kept === '' ? '' : `?${kept}`}`;
}

/** `sina.com.cn` of `finance.sina.com.cn`, by the public suffix list; undefined for an address or an unknown suffix. */
export function registrableDomain(hostOrUrl: string): string | undefined {
  return parse(hostOrUrl).domain ?? undefined;
}

/** Without a scheme, `doc_1` and `report.pdf` are no URLs: it begins with www., ends in a public suffix or has a path. */
function withScheme(written: string): string | undefined {
  const host = WITHOUT_SCHEME.exec(written)?.[0];
  if (host === undefined) return undefined;
  const isAddress =
    /^(?:\/\/)?www\./i.test(host) || parse(host).isIcann === true || written.charAt(host.length) === '/';
  return isAddress ? `https://${written.replace(/^\/\//, '')}` : undefined;
}

/** The host without the labels that name a way of showing the page; undefined when it has no registrable domain. */
function pageHost(hostname: string): string | undefined {
  if (registrableDomain(hostname) === undefined) return undefined;
  let host = hostname;
  for (;;) {
    const shorter = host.replace(/^(?:www|m)\./, '');
    if (shorter === host || registrableDomain(shorter) === undefined) return host;
    host = shorter;
  }
}
