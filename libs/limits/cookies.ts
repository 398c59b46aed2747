/**
 * The cookie store: the cookies of runs, shared by all processes, because one process may log in and another send the next
 * request, or the same after a restart. Cookies are stored one by one, so that two processes can set different ones at the same
 * time.
 */

/** A session of a run; the empty name is the run's own session. */
export interface CookieSession {
  readonly runId: string;
  readonly session: string;
}

/** Cookies by id, both opaque texts; an id is not empty and does not begin with `#`. */
export type CookieTexts = ReadonlyMap<string, string>;

/** All methods throw a retryable CatenaError when the state cannot be read. */
export interface CookieStore {
  /**
   * Returns a session's cookies and their version; undefined when the version is still `since`. An empty session has version
   * ''.
   */
  read(
    of: CookieSession,
    since: string,
  ): Promise<{ readonly version: string; readonly cookies: CookieTexts } | undefined>;
  /** Sets cookies by id; an empty text deletes one. Others do not change. */
  write(of: CookieSession, changes: CookieTexts): Promise<void>;
  /** Deletes all sessions of a run. */
  forget(runId: string): Promise<void>;
}

/** The key of the version among the cookies. */
export const VERSION_ID = '#';

/** Splits a stored session into the version and the cookies. */
export function shelved(texts: Iterable<readonly [string, string]>): {
  readonly version: string;
  readonly cookies: CookieTexts;
} {
  const cookies = new Map(texts);
  const version = cookies.get(VERSION_ID) ?? '';
  cookies.delete(VERSION_ID);
  return { version, cookies };
}
