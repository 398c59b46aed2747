import { CookieJar as ToughJar } from 'tough-cookie';

/** A hostile site may set cookies for ever; beyond this many a jar takes no more. */
const MAX_COOKIES = 1_000;
/** Jars in one process. Each is a few kilobytes at most times. */
const DEFAULT_MAX_JARS = 10_000;

/** The cookies of one session. One that was never sent a cookie costs nothing. */
export class CookieJar {
  #jar: ToughJar | undefined;
  #stored = 0;

  /** The Cookie header for a URL; empty when there is nothing to send. */
  header(url: URL): string {
    return this.#jar === undefined ? '' : this.#jar.getCookieStringSync(url.href);
  }

  /** Takes the Set-Cookie headers of a response. What is not a valid cookie for that URL is ignored. */
  store(url: URL, headers: Iterable<readonly [string, string]>): void {
    for (const [name, value] of headers) {
      if (name !== 'set-cookie' || this.#isFull()) continue;
      this.#jar ??= new ToughJar();
      if (this.#jar.setCookieSync(value, url.href, { ignoreError: true }) !== undefined) this.#stored += 1;
    }
  }

  #isFull(): boolean {
    if (this.#stored < MAX_COOKIES) return false;
    // What was counted may have replaced other cookies, or have run out since.
    this.#stored = this.#jar?.serializeSync()?.cookies.length ?? 0;
    return this.#stored >= MAX_COOKIES;
  }
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
