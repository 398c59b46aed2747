/** Secrets out of what is shown. */

const HIDDEN = '***';

/** A URL without its login and without what its query might hide. Text that is no URL, but may hold a login, is hidden whole. */
export function redactUrl(text: string): string {
  if (!text.includes('://') || !URL.canParse(text)) return /[@?]/.test(text) ? HIDDEN : text;
  const url = new URL(text);
  if (url.password !== '') url.password = HIDDEN;
  else if (url.username !== '') url.username = HIDDEN;
  for (const name of new Set(url.searchParams.keys())) url.searchParams.set(name, HIDDEN);
  return url.href;
}

/** A URL without its login; the rest stays, as one wants to see it of a page. */
export function redactLogin(url: string): string {
  return url.replace(/^([a-z][a-z\d+.-]*:\/\/)[^/?#]*@/i, `$1${HIDDEN}@`);
}
