/**
 * Cookies. Of a request: its session's, as all processes know them, around everything that is done for it. Of a hop: those that
 * belong to its URL go along, and those that come with its answer are kept.
 */
import type { CookieSession, CookieShelf } from '../../../libs/limits/cookies.ts';
import type { Hop } from '../http/hop.ts';
import type { CookieJar, CookieJars } from './cookie-jar.ts';
import type { HopPolicy, RequestPolicy } from './policy.ts';

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
  send: (jar: CookieJar) => Promise<T>,
): Promise<T> {
  const jar = await refreshCookies(deps, of);
  try {
    return await send(jar);
  } finally {
    const changes = jar.changes();
    if (changes.size > 0) {
      await deps.shelf.write(of, changes);
      jar.took(changes);
    }
  }
}

/** {@link withSharedCookies} of the request's session. */
export const sessionCookies: RequestPolicy = (context, next) => {
  const { deps, work, asked } = context;
  const of = { runId: work.lease.node.runId, session: asked.session ?? '' };
  return withSharedCookies(deps, of, (jar) => next({ ...context, jar }));
};

/** Sends the cookies that belong to the hop, beside its own, and keeps those that come. */
export const cookies: HopPolicy = async (context, next) => {
  const { hop, sending } = context;
  const { jar } = sending;
  if (jar === undefined) return next(context);
  const cookie = cookieHeader(hop, jar);
  const answer = await next(cookie === '' ? context : { ...context, hop: withCookie(hop, cookie) });
  jar.store(hop.url, answer.headers);
  return answer;
};

/** The request's own cookies, and those of the jar. */
export function cookieHeader(hop: Hop, jar: CookieJar | undefined): string {
  const own = hop.headers.get('cookie') ?? '';
  const kept = jar?.header(hop.url) ?? '';
  return own !== '' && kept !== '' ? `${own}; ${kept}` : own + kept;
}

function withCookie(hop: Hop, cookie: string): Hop {
  return { ...hop, headers: new Map(hop.headers).set('cookie', cookie) };
}
