/** The cookies of a request's session as all processes know them, around the sending of the request. */
import type { CookieSession, CookieShelf } from '../../../libs/limits/cookies.ts';
import type { CookieJar, CookieJars } from './cookie-jar.ts';

export interface SharedCookiesDeps {
  readonly cookies: Pick<CookieJars, 'forRun'>;
  readonly shelf: CookieShelf;
}

/** The state of the shelf that a jar was last filled from. */
const VERSIONS = new WeakMap<CookieJar, string>();

/** Brings the session's jar up to what any process was sent so far. Throws when what keeps cookies does not answer. */
export async function refreshCookies({ cookies, shelf }: SharedCookiesDeps, of: CookieSession): Promise<CookieJar> {
  const jar = cookies.forRun(of.runId, of.session);
  const found = await shelf.read(of, VERSIONS.get(jar) ?? '');
  if (found !== undefined) {
    jar.hold(found.cookies);
    VERSIONS.set(jar, found.version);
  }
  return jar;
}

/**
 * Sends with the session's cookies, and tells the others of those that came, also when the sending failed on its way: the
 * next request of the run may be sent from anywhere. What could not be told is an error, for the run would lose its login.
 */
export async function withSharedCookies<T>(
  deps: SharedCookiesDeps,
  of: CookieSession,
  send: () => Promise<T>,
): Promise<T> {
  const jar = await refreshCookies(deps, of);
  try {
    return await send();
  } finally {
    const changes = jar.changes();
    if (changes.size > 0) {
      await deps.shelf.write(of, changes);
      jar.took(changes);
    }
  }
}
