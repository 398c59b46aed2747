import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../libs/clock/clock.ts';
import { downloadError } from '../http/download-error.ts';
import { get, startClient, startRawServer, startServer } from '../http/loopback.fixture.ts';
import { type FetchRobots, type RobotsOptions, RobotsRules } from './robots-rules.ts';

const never = new AbortController().signal;
const site = new URL('https://site.test/page?x=1');

/** Rules over a fetch that answers this, with the URLs it was asked for. */
function rulesOver(fetch: (url: string, signal: AbortSignal) => unknown, options: Partial<RobotsOptions> = {}) {
  const clock = new ManualClock();
  const asked: string[] = [];
  const counting: FetchRobots = async (url, signal) => {
    asked.push(url);
    return (await fetch(url, signal)) as { status: number; body: Uint8Array };
  };
  return { clock, asked, rules: new RobotsRules({ fetch: counting, productToken: 'catena', clock, ...options }) };
}

function file(text: string, status = 200) {
  return { status, body: new TextEncoder().encode(text) };
}

describe('RobotsRules', () => {
  it('fetches the rules of a site once, and answers from them at once afterwards', async () => {
    const { rules, asked } = rulesOver(() => file('User-agent: *\nDisallow: /no\nCrawl-delay: 2'));
    expect(rules.cached(site)).toBeUndefined();
    expect(await rules.check(site, never)).toEqual({ allowed: true, crawlDelayMs: 2_000 });
    expect(rules.cached(new URL('https://site.test/no'))).toEqual({ allowed: false, crawlDelayMs: 2_000 });
    expect(await rules.check(new URL('https://ann:pw@site.test/no'), never)).toMatchObject({ allowed: false });
    expect(asked).toEqual(['https://site.test/robots.txt']);
  });

  it('keeps origins apart', async () => {
    const { rules, asked } = rulesOver((url) => file(url.includes(':8443') ? 'User-agent: *\nDisallow: /' : ''));
    expect(await rules.check(site, never)).toEqual({ allowed: true });
    expect(await rules.check(new URL('https://site.test:8443/page'), never)).toEqual({ allowed: false });
    expect(asked).toHaveLength(2);
  });

  it('S1: asks for an untrusted request under its restrictions, and holds nothing of that against others', async () => {
    const asked: boolean[] = [];
    const fetch: FetchRobots = async (url, _signal, isUntrusted) => {
      asked.push(isUntrusted);
      if (isUntrusted) throw downloadError('download.private_target', { url });
      return file('User-agent: *\nDisallow: /no');
    };
    const rules = new RobotsRules({ fetch, productToken: 'catena', clock: new ManualClock() });
    for (let time = 0; time < 2; time++) {
      await expect(rules.check(site, never, true)).rejects.toMatchObject({ code: 'download.private_target' });
      expect(await rules.check(site, never)).toEqual({ allowed: true });
    }
    expect(asked).toEqual([true, false]);
  });

  it('fetches once for all who ask at the same time', async () => {
    const { rules, asked } = rulesOver(() => file(''));
    await Promise.all(Array.from({ length: 50 }, () => rules.check(site, never)));
    expect(asked).toHaveLength(1);
  });

  it('fetches again when the rules have grown old', async () => {
    const { rules, asked, clock } = rulesOver(() => file(''), { ttlMs: 1_000 });
    await rules.check(site, never);
    clock.advance(999);
    expect(rules.cached(site)).toBeDefined();
    clock.advance(1);
    expect(rules.cached(site)).toBeUndefined();
    await rules.check(site, never);
    expect(asked).toHaveLength(2);
  });

  it('forgets the site that was not asked for longest, beyond its bound', async () => {
    const { rules } = rulesOver(() => file(''), { maxOrigins: 2 });
    const [a, b, c] = ['a', 'b', 'c'].map((name) => new URL(`https://${name}.test/`)) as [URL, URL, URL];
    await rules.check(a, never);
    await rules.check(b, never);
    await rules.check(a, never);
    await rules.check(c, never);
    expect([rules.cached(a), rules.cached(b), rules.cached(c)].map((known) => known !== undefined)).toEqual([
      true,
      false,
      true,
    ]);
  });

  it.each([400, 401, 403, 404, 410, 429])('allows everything when there are no rules: status %i', async (status) => {
    const { rules } = rulesOver(() => file('User-agent: *\nDisallow: /', status));
    expect(await rules.check(site, never)).toEqual({ allowed: true });
  });

  it.each([500, 502, 503])('waits, and does not drop, when the site cannot say: status %i', async (status) => {
    const { rules, asked, clock } = rulesOver(() => file('', status), { unreachableTtlMs: 5_000 });
    const failure = { code: 'robots.unreachable', class: 'retryable', retryAfterMs: 5_000 };
    await expect(rules.check(site, never)).rejects.toMatchObject(failure);
    await expect(rules.check(site, never)).rejects.toMatchObject(failure);
    expect(() => rules.cached(site)).toThrow(/robots.txt could not be fetched/);
    expect(asked).toHaveLength(1);
    clock.advance(5_000);
    await expect(rules.check(site, never)).rejects.toMatchObject(failure);
    expect(asked).toHaveLength(2);
  });

  it('waits when the network fails, whatever is thrown', async () => {
    for (const thrown of [downloadError('download.timeout', { url: site }), new Error('plain'), 'text']) {
      const { rules } = rulesOver(() => Promise.reject(thrown));
      await expect(rules.check(site, never)).rejects.toMatchObject({ code: 'robots.unreachable', class: 'retryable' });
    }
  });

  it('passes on what will not change by waiting', async () => {
    const { rules } = rulesOver(() => Promise.reject(downloadError('download.private_target', { url: site })));
    await expect(rules.check(site, never)).rejects.toMatchObject({ code: 'download.private_target', class: 'fatal' });
  });

  it.each(['download.too_many_redirects', 'download.too_large', 'download.decompression_ratio'] as const)(
    'takes %s for a site without rules',
    async (code) => {
      const { rules } = rulesOver(() => Promise.reject(downloadError(code, { url: site })));
      expect(await rules.check(site, never)).toEqual({ allowed: true });
    },
  );

  it('reads no more of a file than it must', async () => {
    const { rules } = rulesOver(() => file(`User-agent: *\n${'#'.repeat(600_000)}\nDisallow: /`));
    expect(await rules.check(site, never)).toEqual({ allowed: true });
  });

  it('keeps to a bounded crawl delay', async () => {
    const { rules } = rulesOver(() => file('User-agent: *\nCrawl-delay: 86400'), { maxCrawlDelayMs: 10_000 });
    expect(await rules.check(site, never)).toEqual({ allowed: true, crawlDelayMs: 10_000 });
  });

  it('lets one give up while others go on, and ends the fetch when the last one gives up', async () => {
    let answer: (value: unknown) => void = () => {};
    const fetchSignals: AbortSignal[] = [];
    const { rules, asked } = rulesOver((_url, signal) => {
      fetchSignals.push(signal);
      return new Promise((resolve, reject) => {
        answer = resolve;
        signal.addEventListener('abort', () => reject(downloadError('download.aborted', { url: site })));
      });
    });
    const [first, second] = [new AbortController(), new AbortController()];
    const given = rules.check(site, first.signal);
    const kept = rules.check(site, second.signal);
    first.abort();
    await expect(given).rejects.toMatchObject({ code: 'robots.aborted', class: 'retryable' });
    expect(fetchSignals[0]?.aborted).toBe(false);
    second.abort();
    const again = rules.check(site, never);
    await expect(kept).rejects.toMatchObject({ code: 'robots.aborted' });
    expect(fetchSignals.map(({ aborted }) => aborted)).toEqual([true, false]);
    await new Promise(setImmediate);
    expect(rules.cached(site), 'giving up says nothing about the site').toBeUndefined();
    answer(file('User-agent: *\nDisallow: /'));
    expect(await again).toEqual({ allowed: false });
    expect(asked).toHaveLength(2);
    await expect(rules.check(new URL('https://else.test/'), first.signal)).rejects.toMatchObject({
      code: 'robots.aborted',
    });
  });

  it('works with the HTTP client over real servers: rules, garbage, redirects, errors and silence', async () => {
    const garbage = await startServer((_request, response) => response.end(Buffer.from([0, 255, 1, 254, 10, 58, 10])));
    const strict = await startServer((_request, response) => response.end('User-agent: catena\nDisallow: /'));
    const moved = await startServer((_request, response) =>
      response.writeHead(301, { location: `${strict.origin}/x` }).end(),
    );
    const broken = await startServer((_request, response) => response.writeHead(500).end());
    const mute = await startRawServer((socket) => socket.end());
    const client = startClient();
    const rules = new RobotsRules({ productToken: 'catena', fetch: (url, signal) => get(client, url, {}, signal) });
    const ask = (origin: string) => rules.check(new URL('/page', origin), never);
    expect(await ask(garbage.origin)).toEqual({ allowed: true });
    expect(await ask(strict.origin)).toEqual({ allowed: false });
    expect(await ask(moved.origin)).toEqual({ allowed: false });
    await expect(ask(broken.origin)).rejects.toMatchObject({ code: 'robots.unreachable' });
    await expect(ask(mute.origin)).rejects.toMatchObject({ code: 'robots.unreachable' });
  });
});
