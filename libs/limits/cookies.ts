/**
 * The cookies of runs where every process finds them: a request may log in here and the next be sent from elsewhere, or after
 * a restart. They are kept one by one, so that two processes which set different ones at a time lose neither.
 */

/** A run's session; the empty name is the run's own. */
export interface CookieSession {
  readonly runId: string;
  readonly session: string;
}

/** Texts by the cookie's id. Both are opaque here; an id is not empty and does not begin with `#`. */
export type CookieTexts = ReadonlyMap<string, string>;

/** All methods throw a retryable CatenaError when the state does not answer. */
export interface CookieStore {
  /** All cookies of a session with the version of that state; undefined when it is still `since`. Nothing is version ''. */
  read(
    of: CookieSession,
    since: string,
  ): Promise<{ readonly version: string; readonly cookies: CookieTexts } | undefined>;
  /** Puts each cookie in the place of the one with its id; an empty text takes it away. Others stay as they are. */
  write(of: CookieSession, changes: CookieTexts): Promise<void>;
  /** Lets go of all sessions of a run. */
  forget(runId: string): Promise<void>;
}

/** Where the version stands among the cookies. */
export const VERSION_ID = '#';

/** Splits what was read into the version and the cookies. */
export function shelved(texts: Iterable<readonly [string, string]>): {
  readonly version: string;
  readonly cookies: CookieTexts;
} {
  const cookies = new Map(texts);
  const version = cookies.get(VERSION_ID) ?? '';
  cookies.delete(VERSION_ID);
  return { version, cookies };
}
