/** Removes secrets from text that is shown. */

const HIDDEN = '***';

/** A URL with its password and the values of its query hidden. Text that is not a URL but may contain a login is hidden completely. */
export function redactUrl(text: string): string {
  if (!text.includes('://') || !URL.canParse(text)) return /[@?]/.test(text) ? HIDDEN : text;
  const url = new URL(text);
  if (url.password !== '') url.password = HIDDEN;
  else if (url.username !== '') url.username = HIDDEN;
  for (const name of new Set(url.searchParams.keys())) url.searchParams.set(name, HIDDEN);
  return url.href;
}

/** A URL with only its login hidden, for URLs of pages. */
export function redactLogin(url: string): string {
  return url.replace(/^([a-z][a-z\d+.-]*:\/\/)[^/?#]*@/i, `$1${HIDDEN}@`);
}
