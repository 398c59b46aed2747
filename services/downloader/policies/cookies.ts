/**
 * Cookies. A request uses its session's cookies, shared by all processes: they are read before all else and stored after it. A
 * hop sends the cookies that belong to its URL and keeps those of its response.
 */
import type { CookieSession, CookieStore } from '../../../libs/limits/cookies.ts';
import type { Hop } from '../http/hop.ts';
import type { CookieJar, CookieJars } from './cookie-jar.ts';
import type { HopPolicy, RequestPolicy } from './policy.ts';

export interface SharedCookiesDeps {
  readonly cookies: Pick<CookieJars, 'forRun'>;
  readonly cookieStore: CookieStore;
}

/** The version of the cookie store that a jar was last filled from. */
const VERSIONS = new WeakMap<CookieJar, string>();

/** Brings the session's jar up to date with the cookie store. Throws when the store does not answer. */
export async function refreshCookies(
  { cookies, cookieStore }: SharedCookiesDeps,
  of: CookieSession,
): Promise<CookieJar> {
  const jar = cookies.forRun(of.runId, of.session);
  const found = await cookieStore.read(of, VERSIONS.get(jar) ?? '');
  if (found !== undefined) {
    jar.hold(found.cookies);
    VERSIONS.set(jar, found.version);
  }
  return jar;
}

/**
 * Sends with the session's cookies, and stores new ones for all processes, also when the request failed on its way: any process
 * may send the next request of the run. A failure to store them is an error, because the run would lose its login.
 */
export async function withSharedCookies<T>(
  deps: SharedCookiesDeps,
  of: CookieSession,
  send: (jar: CookieJar) => Promise<T>,
): Promise<T> {
  const jar = await refreshCookies(deps, of);
  try {
    return await send(jar);
  } finally {
    const changes = jar.changes();
    if (changes.size > 0) {
      await deps.cookieStore.write(of, changes);
      jar.took(changes);
    }
  }
}

/** Applies {@link withSharedCookies} to the request's session. */
export const sessionCookies: RequestPolicy = (context, next) => {
  const { deps, work, asked } = context;
  const of = { runId: work.lease.node.runId, session: asked.session ?? '' };
  return withSharedCookies(deps, of, (jar) => next({ ...context, jar }));
};

/** Sends the session's cookies for the hop's URL beside its own, and keeps new ones. */
export const cookies: HopPolicy = async (context, next) => {
  const { hop, sending } = context;
  const { jar } = sending;
  if (jar === undefined) return next(context);
  const cookie = cookieHeader(hop, jar);
  const answer = await next(cookie === '' ? context : { ...context, hop: withCookie(hop, cookie) });
  jar.store(hop.url, answer.headers);
  return answer;
};

/** The request's own cookies and those of the jar. */
function cookieHeader(hop: Hop, jar: CookieJar | undefined): string {
  const own = hop.headers.get('cookie') ?? '';
  const kept = jar?.header(hop.url) ?? '';
  return own !== '' && kept !== '' ? `${own}; ${kept}` : own + kept;
}

function withCookie(hop: Hop, cookie: string): Hop {
  return { ...hop, headers: new Map(hop.headers).set('cookie', cookie) };
}
