import { type Cookie, type SerializedCookie, CookieJar as ToughJar } from 'tough-cookie';
import type { CookieTexts } from '../../../libs/limits/cookies.ts';

/** A hostile site may set cookies for ever; beyond this many a jar takes no more. */
const MAX_COOKIES = 1_000;
/** As browsers have it: longer ones are not kept. */
const MAX_COOKIE_CHARS = 4_096;
const EMPTY = new ToughJar().serializeSync()!;

/** Jars in one process. Each is a few kilobytes at most times. */
const DEFAULT_MAX_JARS = 10_000;

/** The cookies of one session. One that was never sent a cookie costs nothing. */
export class CookieJar {
  #jar: ToughJar | undefined;
  #stored = 0;
  /** What was set here and is not known elsewhere yet, by id; an empty text for what was taken back. */
  readonly #changes = new Map<string, string>();

  /** Whether it was never given a cookie. */
  get isEmpty(): boolean {
    return this.#stored === 0;
  }

  /** The Cookie header for a URL; empty when there is nothing to send. */
  header(url: URL): string {
    return this.#jar === undefined ? '' : this.#jar.getCookieStringSync(url.href);
  }

  /** Takes the Set-Cookie headers of a response. What is not a valid cookie for that URL is ignored. */
  store(url: URL, headers: Iterable<readonly [string, string]>): void {
    for (const [name, value] of headers) {
      if (name !== 'set-cookie' || value.length > MAX_COOKIE_CHARS || this.#isFull()) continue;
      this.#jar ??= new ToughJar();
      const cookie = this.#jar.setCookieSync(value, url.href, { ignoreError: true });
      if (cookie === undefined) continue;
      this.#stored += 1;
      this.#changes.set(idOf(cookie), cookie.TTL() > 0 ? JSON.stringify(cookie.toJSON()) : '');
    }
  }

  /** What {@link took} was not yet told of. */
  changes(): CookieTexts {
    return new Map(this.#changes);
  }

  /** Others know of these changes now; what has changed again since is told the next time. */
  took(changes: CookieTexts): void {
    for (const [id, text] of changes) if (this.#changes.get(id) === text) this.#changes.delete(id);
  }

  /** Holds what all processes know, and over it what was changed here and is not known yet. */
  hold(shared: CookieTexts): void {
    const texts = [...new Map([...shared, ...this.#changes]).values()].filter((text) => text !== '');
    const cookies = texts.slice(0, MAX_COOKIES).map((text) => JSON.parse(text) as SerializedCookie);
    this.#jar = ToughJar.deserializeSync({ ...EMPTY, cookies });
    this.#stored = cookies.length;
  }

  #isFull(): boolean {
    if (this.#stored < MAX_COOKIES) return false;
    // What was counted may have replaced other cookies, or have run out since.
    this.#stored = this.#jar?.serializeSync()?.cookies.length ?? 0;
    return this.#stored >= MAX_COOKIES;
  }
}

/** A cookie is the one of its domain, path and name (RFC 6265, section 5.3). No part but the last holds a semicolon. */
function idOf({ domain, path, key }: Cookie): string {
  return `${domain};${path};${key}`;
}

/** The jars of all sessions: one per run and session name. Beyond the bound the one not used for longest is dropped. */
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

  /** The jar of a run's session, made when first asked for; the empty name is the run's own session. */
  forRun(runId: string, session: string): CookieJar {
    const sessions = this.#runs.get(runId) ?? new Map<string, CookieJar>();
    const known = sessions.get(session);
    const jar = known ?? new CookieJar();
    // Maps keep the order of insertion: what was used last moves to the end.
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
