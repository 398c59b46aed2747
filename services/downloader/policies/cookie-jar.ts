import { type Cookie, type SerializedCookie, CookieJar as ToughJar } from 'tough-cookie';
import type { CookieTexts } from '../../../libs/limits/cookies.ts';

/** A jar takes no more cookies than this: a hostile site may set cookies for ever. */
const MAX_COOKIES = 1_000;
/** Longer cookies are not kept, and longer attributes are passed over, as in browsers (RFC 6265bis, 5.6). */
const MAX_NAME_AND_VALUE_CHARS = 4_096;
const MAX_ATTRIBUTE_CHARS = 1_024;

/** A jar that reads what browsers read: cookies without a name too, and `__Host-` and `__Secure-` only of those who may set them. */
function newJar(): ToughJar {
  return new ToughJar(undefined, { looseMode: true, prefixSecurity: 'silent' });
}

const EMPTY = newJar().serializeSync()!;

/** Jars in one process; usually a few kilobytes each. */
const DEFAULT_MAX_JARS = 10_000;

/** The cookies of one session. An empty jar costs nothing. */
export class CookieJar {
  #jar: ToughJar | undefined;
  #stored = 0;
  /** Changes that are not in the cookie store yet, by cookie id; an empty text is a deleted cookie. */
  readonly #changes = new Map<string, string>();

  /** Whether it was never given a cookie. */
  get isEmpty(): boolean {
    return this.#stored === 0;
  }

  /** The Cookie header for a URL; empty when there is nothing to send. */
  header(url: URL): string {
    return this.#jar === undefined ? '' : this.#jar.getCookieStringSync(url.href);
  }

  /** Stores the Set-Cookie headers of a response. Cookies that are not valid for that URL are ignored. */
  store(url: URL, headers: Iterable<readonly [string, string]>): void {
    for (const [name, value] of headers) {
      const written = name === 'set-cookie' ? withinLimits(value) : undefined;
      if (written === undefined || this.#isFull()) continue;
      this.#jar ??= newJar();
      const cookie = this.#jar.setCookieSync(written, url.href, { ignoreError: true });
      if (cookie === undefined) continue;
      this.#stored += 1;
      this.#changes.set(idOf(cookie), cookie.TTL() > 0 ? JSON.stringify(cookie.toJSON()) : '');
    }
  }

  /** The changes that {@link took} has not confirmed yet. */
  changes(): CookieTexts {
    return new Map(this.#changes);
  }

  /** Confirms that these changes are in the cookie store; later changes stay pending. */
  took(changes: CookieTexts): void {
    for (const [id, text] of changes) if (this.#changes.get(id) === text) this.#changes.delete(id);
  }

  /** Fills the jar from the cookie store, then applies the changes that are not stored yet. */
  hold(shared: CookieTexts): void {
    const texts = [...new Map([...shared, ...this.#changes]).values()].filter((text) => text !== '');
    const cookies = texts.slice(0, MAX_COOKIES).map((text) => JSON.parse(text) as SerializedCookie);
    this.#jar = ToughJar.deserializeSync({ ...EMPTY, cookies });
    this.#stored = cookies.length;
  }

  #isFull(): boolean {
    if (this.#stored < MAX_COOKIES) return false;
    // The count may be too high: a cookie may have replaced another one or have expired.
    this.#stored = this.#jar?.serializeSync()?.cookies.length ?? 0;
    return this.#stored >= MAX_COOKIES;
  }
}

/** The header without attributes that are too long; undefined for a cookie whose name and value together are. */
function withinLimits(header: string): string | undefined {
  if (header.length <= MAX_ATTRIBUTE_CHARS) return header;
  const [pair = '', ...attributes] = header.split(';');
  const equals = pair.indexOf('=');
  const chars =
    equals === -1 ? pair.trim().length : pair.slice(0, equals).trim().length + pair.slice(equals + 1).trim().length;
  if (chars > MAX_NAME_AND_VALUE_CHARS) return undefined;
  const kept = attributes.filter((attribute) => valueChars(attribute) <= MAX_ATTRIBUTE_CHARS);
  return [pair, ...kept].join(';');
}

function valueChars(attribute: string): number {
  return attribute.slice(attribute.indexOf('=') + 1).trim().length;
}

/** Domain, path and name identify a cookie (RFC 6265, section 5.3). Only the last part may contain a semicolon. */
function idOf({ domain, path, key }: Cookie): string {
  return `${domain};${path};${key}`;
}

/** The jars of all sessions, one per run and session name. Beyond the bound the least recently used jar is dropped. */
export class CookieJars {
  readonly #runs = new Map<string, Map<string, CookieJar>>();
  readonly #maxJars: number;
  #size = 0;

  constructor(maxJars = DEFAULT_MAX_JARS) {
    this.#maxJars = maxJars;
  }

  get size(): number {
    return this.#size;
  }

  /** Returns the jar of a run's session and creates it if needed; the empty name is the run's own session. */
  forRun(runId: string, session: string): CookieJar {
    const sessions = this.#runs.get(runId) ?? new Map<string, CookieJar>();
    const known = sessions.get(session);
    const jar = known ?? new CookieJar();
    // A Map keeps the order of insertion, so the jar used last moves to the end.
    sessions.delete(session);
    sessions.set(session, jar);
    this.#runs.delete(runId);
    this.#runs.set(runId, sessions);
    if (known === undefined) {
      this.#size += 1;
      if (this.#size > this.#maxJars) this.#dropOldest();
    }
    return jar;
  }

  dropRun(runId: string): void {
    this.#size -= this.#runs.get(runId)?.size ?? 0;
    this.#runs.delete(runId);
  }

  #dropOldest(): void {
    const [runId, sessions] = this.#runs.entries().next().value ?? [];
    const session = sessions?.keys().next().value;
    if (runId === undefined || sessions === undefined || session === undefined) return;
    sessions.delete(session);
    this.#size -= 1;
    if (sessions.size === 0) this.#runs.delete(runId);
  }
}
