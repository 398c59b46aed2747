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
  readonly pattern: Pattern;
  /** The pattern with the reserved characters of its query escaped, if it names a query. */
  readonly escapedQuery: Pattern | undefined;
}

interface Pattern {
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

/** How sites write the names of lines; Google reads the same. */
const SPELLINGS = new Map([
  ...['disallow', 'dissallow', 'dissalow', 'disalow', 'diasllow', 'disallaw'].map((key) => [key, 'disallow'] as const),
  ...['user-agent', 'useragent', 'user agent'].map((key) => [key, 'user-agent'] as const),
  ...['crawl-delay', 'crawldelay', 'crawl delay'].map((key) => [key, 'crawl-delay'] as const),
  ['allow', 'allow'] as const,
]);

/**
 * Reads the groups for a product token (`catena`), or those for `*` if none names it; groups for the same crawler count as
 * one. Unreadable lines are skipped: any text is a valid robots.txt.
 */
export function parseRobotsFile(text: string, productToken: string): RobotsFile {
  const own: Group = { rules: [], crawlDelayMs: undefined };
  const everybody: Group = { rules: [], crawlDelayMs: undefined };
  const token = tokenOf(productToken);
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
    // Some sites forget the colon: two words alone can mean nothing else.
    const [first = '', second = '', third] = colon === -1 ? content.trim().split(/\s+/, 3) : [];
    const written = colon === -1 ? (third === undefined ? first : '') : content.slice(0, colon);
    const key = SPELLINGS.get(written.trim().toLowerCase());
    if (key !== undefined) yield { key, value: colon === -1 ? second : content.slice(colon + 1).trim() };
  }
}

/** The product token of a user-agent line: `Catena/1.0 (+https://…)` names `catena`. */
function tokenOf(value: string): string {
  return (/^(?:\*(?=\s|$)|[\w-]*)/.exec(value)?.[0] ?? '').toLowerCase();
}

function secondsOf(value: string): number | undefined {
  return /^\d{1,9}(\.\d{1,6})?$/.test(value) ? Number(value) * 1_000 : undefined;
}

/**
 * Undefined for an empty pattern, which matches nothing. A pattern that is too long or has too many parts is cut: it then forbids more
 * than it says, or allows nothing. One that begins with neither a slash nor an asterisk gets the slash that its author forgot.
 */
function ruleOf(written: string, allows: boolean): Rule | undefined {
  if (written === '') return undefined;
  const rooted = /^[/*$]/.test(written) ? written : `/${written}`;
  const kept = rooted.slice(0, MAX_PATTERN_CHARS);
  const endsAtDollar = kept.endsWith('$');
  const normal = normalized(endsAtDollar ? kept.slice(0, -1) : kept, PATTERN_SPECIAL);
  const all = normal.split(/\*+/);
  const isCut = kept !== rooted || all.length > MAX_PARTS;
  if (isCut && allows) return undefined;
  const parts = all.slice(0, MAX_PARTS);
  const toTheEnd = endsAtDollar && !isCut;
  const escaped = escapedQuery(parts.join('*'));
  return {
    allows,
    length: normal.length + (toTheEnd ? 1 : 0),
    pattern: { parts, toTheEnd },
    escapedQuery: escaped === undefined ? undefined : { parts: escaped.split('*'), toTheEnd },
  };
}

function isAllowedBy(rules: readonly Rule[], path: string): boolean {
  if (rules.length === 0) return true;
  const normal = normalized(path, PATH_SPECIAL);
  if (normal === '/robots.txt') return true;
  const escaped = escapedQuery(normal);
  for (const rule of rules) {
    if (matches(rule.pattern, normal) || matchesEscaped(rule, escaped)) return rule.allows;
  }
  return true;
}

function matchesEscaped(rule: Rule, escaped: string | undefined): boolean {
  return rule.escapedQuery !== undefined && escaped !== undefined && matches(rule.escapedQuery, escaped);
}

function matches({ parts, toTheEnd }: Pattern, path: string): boolean {
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
/** What is neither unreserved nor reserved (RFC 3986, 2.2 and 2.3) can stand in no URL: a URL has its escape. A dollar within a pattern is itself. */
const PATTERN_SPECIAL = /[^A-Za-z0-9\-._~!&'()*+,;=:@/?#[\]%]+/g;
/** In a path an asterisk is itself, too: patterns write that as its escape (RFC 9309, 2.2.3). */
const PATH_SPECIAL = /[^A-Za-z0-9\-._~!&'()+,;=:@/?#[\]%]+/g;

/**
 * Normalizes equal paths to one spelling (RFC 9309, 2.2.2): escapes for all that cannot stand in a URL and for `special` characters, in
 * upper case, and no escapes for characters that need none. A reserved character is not the same as its escape.
 */
function normalized(path: string, special: RegExp): string {
  const escaped = path.replace(special, escapedBytes);
  if (!escaped.includes('%')) return escaped;
  return escaped.replace(/%[0-9a-fA-F]{2}/g, (found) => {
    const character = String.fromCharCode(Number.parseInt(found.slice(1), 16));
    return UNRESERVED.test(character) ? character : found.toUpperCase();
  });
}

function escapedBytes(characters: string): string {
  return Buffer.from(characters.toWellFormed()).toString('hex').toUpperCase().replace(/../g, '%$&');
}

/**
 * The path with the reserved characters of its query escaped, as RFC 9309 writes them in its example; undefined without a query. Those that
 * separate the values of a query stay: an escaped one means another query.
 */
function escapedQuery(path: string): string | undefined {
  const start = path.indexOf('?');
  if (start === -1) return undefined;
  const query = path.slice(start + 1);
  return path.slice(0, start + 1) + query.replace(/[:/?@[\]!'(),]/g, escapedBytes);
}
