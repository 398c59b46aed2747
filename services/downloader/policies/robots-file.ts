/** The rules of a robots.txt for one crawler, parsed once and checked for each URL (RFC 9309). */
export interface RobotsFile {
  /** `path` is the path and query of a URL, as `URL` writes them. */
  isAllowed(path: string): boolean;
  /** As in the file; undefined when the file has none. */
  readonly crawlDelayMs: number | undefined;
}

interface Rule {
  readonly allows: boolean;
  /** Longer patterns win. */
  readonly length: number;
  /** The pattern, cut at its asterisks: each part must follow the one before, the first one at the start. */
  readonly parts: readonly string[];
  /** The pattern ended with a dollar: the last part must be the path's end. */
  readonly toTheEnd: boolean;
}

interface Group {
  readonly rules: Rule[];
  crawlDelayMs: number | undefined;
}

/** Limits of what is read, so that a hostile file cannot make each check expensive. */
const MAX_RULES = 5_000;
const MAX_PATTERN_CHARS = 2_048;
const MAX_PARTS = 32;

/**
 * Reads the groups for a product token (`catena`), or those for `*` if none names it; groups for the same crawler count as
 * one. Unreadable lines are skipped: any text is a valid robots.txt.
 */
export function parseRobotsFile(text: string, productToken: string): RobotsFile {
  const own: Group = { rules: [], crawlDelayMs: undefined };
  const everybody: Group = { rules: [], crawlDelayMs: undefined };
  const token = productToken.toLowerCase();
  let isNamed = false;
  let current: Group[] = [];
  let isHead = false;
  for (const { key, value } of directives(text)) {
    if (key === 'user-agent') {
      if (!isHead) current = [];
      isHead = true;
      const agent = tokenOf(value);
      if (agent === token) isNamed = true;
      const group = agent === token ? own : agent === '*' ? everybody : undefined;
      if (group !== undefined && !current.includes(group)) current.push(group);
    } else if (key === 'allow' || key === 'disallow') {
      isHead = false;
      const rule = ruleOf(value, key === 'allow');
      if (rule !== undefined) for (const group of current) if (group.rules.length < MAX_RULES) group.rules.push(rule);
    } else if (key === 'crawl-delay') {
      isHead = false;
      const crawlDelayMs = secondsOf(value);
      if (crawlDelayMs !== undefined) for (const group of current) group.crawlDelayMs = crawlDelayMs;
    }
  }
  const { rules, crawlDelayMs } = isNamed ? own : everybody;
  // Longest first, and `allow` first among equals, so that the first match counts.
  rules.sort((a, b) => b.length - a.length || Number(b.allows) - Number(a.allows));
  return { crawlDelayMs, isAllowed: (path) => isAllowedBy(rules, path) };
}

function* directives(text: string): Generator<{ key: string; value: string }> {
  for (const line of text.replace(/^\uFEFF/, '').split(/\r\n|\r|\n/)) {
    const comment = line.indexOf('#');
    const content = comment === -1 ? line : line.slice(0, comment);
    const colon = content.indexOf(':');
    if (colon > 0) yield { key: content.slice(0, colon).trim().toLowerCase(), value: content.slice(colon + 1).trim() };
  }
}

/** The product token of a user-agent line: `Catena/1.0 (+https://…)` names `catena`. */
function tokenOf(value: string): string {
  return (/^[^\s/]*/.exec(value)?.[0] ?? '').toLowerCase();
}

function secondsOf(value: string): number | undefined {
  return /^\d{1,9}(\.\d{1,6})?$/.test(value) ? Number(value) * 1_000 : undefined;
}

/** Undefined for an empty pattern, which matches nothing, and for one too complex to be honest. */
function ruleOf(pattern: string, allows: boolean): Rule | undefined {
  if (pattern === '' || pattern.length > MAX_PATTERN_CHARS) return undefined;
  const toTheEnd = pattern.endsWith('$');
  const normal = normalized(toTheEnd ? pattern.slice(0, -1) : pattern);
  const parts = normal.split(/\*+/);
  if (parts.length > MAX_PARTS) return undefined;
  return { allows, length: normal.length + (toTheEnd ? 1 : 0), parts, toTheEnd };
}

function isAllowedBy(rules: readonly Rule[], path: string): boolean {
  if (rules.length === 0) return true;
  const normal = normalized(path);
  if (normal === '/robots.txt') return true;
  for (const rule of rules) if (matches(rule, normal)) return rule.allows;
  return true;
}

function matches({ parts, toTheEnd }: Rule, path: string): boolean {
  const first = parts[0] ?? '';
  if (!path.startsWith(first)) return false;
  if (parts.length === 1) return !toTheEnd || path.length === first.length;
  let at = first.length;
  for (let i = 1; i < parts.length - 1; i++) {
    const part = parts[i] ?? '';
    const found = path.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  const last = parts[parts.length - 1] ?? '';
  if (!toTheEnd) return path.indexOf(last, at) !== -1;
  return path.length - last.length >= at && path.endsWith(last);
}

const UNRESERVED = /[A-Za-z0-9\-._~]/;

/**
 * Normalizes equal paths to one spelling: bytes beyond ASCII percent-encoded, escapes in upper case, and no escapes for
 * characters that need none. A reserved character is not the same as its escape.
 */
function normalized(path: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is the range of ASCII that is meant.
  const ascii = /^[\x00-\x7f]*$/.test(path) ? path : path.replace(/[^\x00-\x7f]+/g, encodeLossy);
  if (!ascii.includes('%')) return ascii;
  return ascii.replace(/%[0-9a-fA-F]{2}/g, (escaped) => {
    const character = String.fromCharCode(Number.parseInt(escaped.slice(1), 16));
    return UNRESERVED.test(character) ? character : escaped.toUpperCase();
  });
}

function encodeLossy(characters: string): string {
  return encodeURIComponent(characters.toWellFormed());
}
