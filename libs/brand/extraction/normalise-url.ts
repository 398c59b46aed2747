/** One spelling per page, so that two citations of it are one source. */
import { getDomain } from 'tldts';

const TRACKING = /^(?:utm_\w+|spm|share_\w+|fbclid|gclid|msclkid|ref_src|wfr|isappinstalled)$/i;
const MAX_URL_CHARS = 2_000;

/**
 * A URL without what does not name the page: scheme differences, www. and m., default ports, fragments, tracking
 * parameters, the closing slash. Undefined when it is no http(s) URL of a host with a public suffix.
 */
export function normaliseUrl(url: string): string | undefined {
  const parsed = url.length > MAX_URL_CHARS ? null : URL.parse(url.trim());
  if (parsed === null || !/^https?:$/.test(parsed.protocol)) return undefined;
  if (registrableDomain(parsed.hostname) === undefined) return undefined;
  for (const name of [...parsed.searchParams.keys()]) {
    if (TRACKING.test(name)) parsed.searchParams.delete(name);
  }
  const port = parsed.port === '' || parsed.port === '80' || parsed.port === '443' ? '' : `:${parsed.port}`;
  const host = parsed.hostname.replace(/^(?:www\d?|m|wap|mobile)\.(?=[^.]+\.)/, '');
  const path = readable(parsed.pathname).replace(/\/+$/, '');
  return `https://${host}${port}${path}${parsed.search}`;
}

/** `sina.com.cn` of `finance.sina.com.cn`, by the public suffix list; undefined for an address or an unknown suffix. */
export function registrableDomain(hostOrUrl: string): string | undefined {
  return getDomain(hostOrUrl) ?? undefined;
}

function readable(path: string): string {
  try {
    return decodeURI(path);
  } catch {
    return path;
  }
}
