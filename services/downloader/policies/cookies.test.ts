import { describe, expect, it } from 'vitest';
import type { CookieStore } from '../../../libs/limits/cookies.ts';
import { openSqliteCookies } from '../../../libs/limits/sqlite/cookies.ts';
import { openDatabase } from '../../../libs/sqlite/scratch.fixture.ts';
import type { HttpClient } from '../http/http-client.ts';
import { startClient, startServer, textOf } from '../http/loopback.fixture.ts';
import { type HttpRequest, type HttpResponse, performRequest } from '../http/request.ts';
import { CookieJar, CookieJars } from './cookie-jar.ts';
import { cookies, refreshCookies, withSharedCookies } from './cookies.ts';
import { compose, type SendingContext } from './policy.ts';

const url = new URL('https://shop.test/a/b');
const OWN = { runId: 'r1', session: '' };

/** A process: its own jars over a cookie store that it shares. */
class Process {
  readonly cookies = new CookieJars();
  readonly cookieStore: CookieStore;

  constructor(cookieStore: CookieStore) {
    this.cookieStore = cookieStore;
  }

  /** Sends a request that is answered with these Set-Cookie headers; answers what it sent. */
  send(...set: string[]): Promise<string> {
    return withSharedCookies(this, OWN, async () => {
      const jar = this.cookies.forRun(OWN.runId, OWN.session);
      const sent = jar.header(url);
      jar.store(
        url,
        set.map((cookie) => ['set-cookie', cookie]),
      );
      return sent;
    });
  }
}

function processes() {
  const cookieStore = openSqliteCookies(openDatabase());
  return [new Process(cookieStore), new Process(cookieStore), cookieStore] as const;
}

describe('the cookies of a session', () => {
  it('are sent from whichever process sends the next request', async () => {
    const [one, other] = processes();
    expect(await one.send('login=1; Path=/; HttpOnly; Secure; Max-Age=600', 'seen=a')).toBe('');
    expect((await other.send('seen=b')).split('; ').sort()).toEqual(['login=1', 'seen=a']);
    expect((await one.send()).split('; ').sort()).toEqual(['login=1', 'seen=b']);
  });

  it('keep where they may be sent, and how long', async () => {
    const [one, other] = processes();
    await one.send('deep=1; Path=/a', 'host=2; Path=/', 'wide=3; Path=/; Domain=shop.test', 'safe=4; Path=/; Secure');
    const jar = await refreshCookies(other, OWN);
    const sentTo = (address: string) => jar.header(new URL(address)).split('; ').sort();
    expect(sentTo('https://shop.test/')).toEqual(['host=2', 'safe=4', 'wide=3']);
    expect(sentTo('http://www.shop.test/a')).toEqual(['wide=3']);
    expect(sentTo('http://shop.test/a/c')).toEqual(['deep=1', 'host=2', 'wide=3']);
  });

  it('are taken back everywhere', async () => {
    const [one, other] = processes();
    await one.send('login=1; Path=/', 'other=2; Path=/');
    await other.send('login=; Path=/; Max-Age=0');
    expect(await one.send()).toBe('other=2');
  });

  it('are all kept when two processes are sent different ones at the same time', async () => {
    const [one, other] = processes();
    await Promise.all([one.send('a=1; Path=/'), other.send('b=2; Path=/'), one.send('c=3; Path=/')]);
    expect((await other.send()).split('; ').sort()).toEqual(['a=1', 'b=2', 'c=3']);
  });

  it('outlive the sending that failed after them, and the process', async () => {
    const [one, , cookieStore] = processes();
    const failing = withSharedCookies(one, OWN, async () => {
      one.cookies.forRun('r1', '').store(url, [['set-cookie', 'login=1; Path=/']]);
      throw new Error('the redirect was lost');
    });
    await expect(failing).rejects.toThrow('the redirect was lost');
    expect(await new Process(cookieStore).send()).toBe('login=1');
  });

  it('that could not be told are told with the next', async () => {
    const [one, other, cookieStore] = processes();
    const write = cookieStore.write;
    cookieStore.write = () => Promise.reject(new Error('away'));
    await expect(one.send('a=1; Path=/')).rejects.toThrow('away');
    cookieStore.write = write;
    expect(await one.send()).toBe('a=1');
    expect(await other.send()).toBe('a=1');
  });

  it('cost no writing where none are set, and no reading where none have changed', async () => {
    const [one, , cookieStore] = processes();
    const calls: string[] = [];
    const { read, write } = cookieStore;
    cookieStore.read = async (of, since) => {
      const found = await read(of, since);
      calls.push(found === undefined ? 'same' : 'read');
      return found;
    };
    cookieStore.write = (of, changes) => {
      calls.push('write');
      return write(of, changes);
    };
    for (const set of [[], ['a=1; Path=/'], [], []]) await one.send(...set);
    expect(calls).toEqual(['same', 'same', 'write', 'read', 'same']);
  });

  it('are bounded, and a cookie longer than browsers take is not kept', async () => {
    const [one, other] = processes();
    await one.send(
      ...Array.from({ length: 1_100 }, (_, at) => `c${at}=1; Path=/`),
      `long=${'x'.repeat(5_000)}; Path=/`,
    );
    expect((await other.send()).split('; ')).toHaveLength(1_000);
    expect(await one.send()).not.toContain('long=');
  });
});

describe('the cookies of a hop', () => {
  it('sends and keeps cookies of a session only', async () => {
    const { origin, seen } = await startServer((_request, response) => {
      response.setHeader('set-cookie', 'id=7; Path=/').end();
    });
    const client = startClient();
    const jar = new CookieJar();
    await get(client, origin, jar);
    await get(client, origin, jar);
    await get(client, origin, jar, { headers: { Cookie: 'own=1' } });
    await get(client, origin);
    expect(seen.map(({ headers }) => headers.cookie)).toEqual([undefined, 'id=7', 'own=1; id=7', undefined]);
  });

  it("sends a jar's cookies only where they belong, and keeps those that a redirect sets", async () => {
    const { origin, port, seen } = await startServer((request, response) => {
      if (request.url === '/login') response.writeHead(302, { location: '/in', 'set-cookie': 'sid=1; Path=/' });
      else if (request.url === '/in') response.writeHead(302, { location: `http://localhost:${port}/other` });
      response.end();
    });
    await get(startClient({ lookup: toLoopback }), `${origin}/login`, new CookieJar());
    expect(seen.map(({ url, headers }) => [url, headers.cookie])).toEqual([
      ['/login', undefined],
      ['/in', 'sid=1'],
      ['/other', undefined],
    ]);
  });

  it('comes back to a page that asked for a cookie first', async () => {
    const { origin } = await startServer((request, response) => {
      if (request.headers.cookie === 'ok=1') response.end('welcome');
      else if (request.url === '/page') response.writeHead(302, { location: '/gate' }).end();
      else response.writeHead(302, { location: '/page', 'set-cookie': 'ok=1; Path=/' }).end();
    });
    const client = startClient();
    expect(textOf(await get(client, `${origin}/page`, new CookieJar()))).toBe('welcome');
    await expect(get(client, `${origin}/page`)).rejects.toMatchObject({ data: { loop: true } });
  });
});

/** A GET whose hops pass this one policy. */
function get(
  client: HttpClient,
  url: string,
  jar?: CookieJar,
  request: Partial<HttpRequest> = {},
): Promise<HttpResponse> {
  const passHop = compose([cookies], ({ hop, cancellation }) => client.send(hop, cancellation));
  const sending = { jar } as SendingContext;
  return performRequest(client, { method: 'GET', url, headers: {}, ...request }, new AbortController().signal, {
    send: (hop, redirects, cancellation) => passHop({ sending, hop, redirects, cancellation, limitKey: '' }),
  });
}

/** Resolves every name to the loopback address. */
function toLoopback(...[, options, callback]: Parameters<import('../http/http-options.ts').Lookup>): void {
  const address = '127.0.0.1';
  if (options.all === true) callback(null, [{ address, family: 4 }]);
  else callback(null, address, 4);
}
