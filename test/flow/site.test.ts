/** Runs against a site on loopback: what a crawl meets on its way. */
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { defineModule } from '../../libs/modules/index.ts';
import { METRICS } from '../../libs/telemetry/metric-names.ts';
import { type Handler, startServer } from '../../services/downloader/loopback.fixture.ts';
import { codeOf, run, startNode } from '../fixtures/flow.ts';

/** A list of pages, and what is on each of them. */
const crawl = defineModule({
  name: 'crawl',
  version: '1.0.0',
  input: z.object({ base: z.url(), pages: z.number().default(1) }),
  steps: { list: z.object({ page: z.number() }), detail: z.object({ path: z.string() }) },
  items: { page: z.object({ path: z.string(), url: z.string(), body: z.string(), length: z.number() }) },
}).implement({
  *start({ go, input }) {
    for (let page = 1; page <= input.pages; page++) yield go.list({ page });
  },
  steps: {
    list: {
      request: ({ input, state }) => new URL(`/list/${state.page}`, input.base),
      expect: { text: 'links:' },
      *parse({ text, go }) {
        for (const path of text.replace('links:', '').trim().split(/\s+/)) yield go.detail({ path });
      },
    },
    detail: {
      request: ({ input, state }) => new URL(state.path, input.base),
      *parse({ text, url, put, state }) {
        yield put.page({ path: state.path, url: new URL(url).pathname, body: text.slice(0, 60), length: text.length });
      },
    },
  },
});

const bodies = (items: readonly unknown[]) => items.map((item) => (item as { body: string }).body);

describe('a site with faults', () => {
  /** The first answer to every third page is a fault of one kind or another. */
  function faulty(pages: number, perPage: number): Handler {
    const seen = new Map<string, number>();
    return (request, response) => {
      const url = request.url ?? '';
      const times = (seen.get(url) ?? 0) + 1;
      seen.set(url, times);
      const number = Number(url.match(/\d+$/)?.[0] ?? 0);
      if (times === 1 && number % 3 === 0) {
        const fault = Math.floor(number / 3) % 4;
        if (fault === 0) response.writeHead(500).end();
        else if (fault === 1) response.destroy();
        else if (fault === 2) response.writeHead(429, { 'retry-after': '0' }).end();
        else if (url.startsWith('/list')) response.end('<html>half a pa');
        else response.writeHead(200, { 'content-encoding': 'gzip' }).end('this is no gzip');
        return;
      }
      const first = (number - 1) * perPage;
      const links = Array.from({ length: perPage }, (_, n) => `/detail/${first + n}`).join(' ');
      response.end(url.startsWith('/list') ? `links: ${links}` : `detail ${number} of ${pages * perPage}`);
    };
  }

  it('gives the items of a site without', async () => {
    const [pages, perPage] = [20, 10];
    const { origin, seen } = await startServer(faulty(pages, perPage));
    const node = startNode([crawl]);
    const { end, items, deadLetters } = await run(node, crawl, { base: origin, pages });
    expect(deadLetters.map(codeOf)).toEqual([]);
    expect(end).toMatchObject({ finishReason: 'completed', items: pages * perPage, dead: 0 });
    const wanted = Array.from({ length: pages * perPage }, (_, n) => `detail ${n} of 200`);
    expect(new Set(bodies(items))).toEqual(new Set(wanted));
    expect(seen.length).toBeGreaterThan(pages * (perPage + 1) + 60);
    expect(node.metrics.total(METRICS.errorTaskRetry)).toBeGreaterThan(60);
  });
});

describe('what a page answers', () => {
  const details = (...paths: readonly string[]) => `links: ${paths.join(' ')}`;

  it('is read from where redirects end, and a redirect without end is a named failure', async () => {
    const { origin } = await startServer((request, response) => {
      if (request.url === '/list/1') response.end(details('/old', '/loop'));
      else if (request.url === '/old') response.writeHead(302, { location: '/new?x=1' }).end();
      else if (request.url === '/loop') response.writeHead(301, { location: '/loop' }).end();
      else response.end('the new page');
    });
    const { items, deadLetters } = await run(startNode([crawl]), crawl, { base: origin });
    expect(items).toMatchObject([{ path: '/old', url: '/new', body: 'the new page' }]);
    expect(deadLetters.map(codeOf)).toEqual(['download.too_many_redirects']);
  });

  it('is a named failure, with its reason, when it cannot be used: the rest goes on', async () => {
    const { origin } = await startServer((request, response) => {
      if (request.url === '/list/1') response.end(details('/good', '/gone', '/down', '/huge'));
      else if (request.url === '/gone') response.writeHead(404).end();
      else if (request.url === '/down') response.writeHead(503).end();
      else response.end(request.url === '/huge' ? 'x'.repeat(20_000) : 'good');
    });
    const node = startNode([crawl], { 'http.max_body_bytes': 10_000 });
    const { end, items, deadLetters } = await run(node, crawl, { base: origin });
    expect(bodies(items)).toEqual(['good']);
    expect(end).toMatchObject({ finishReason: 'completed', dead: 3, items: 1 });
    const letters = deadLetters.map((letter) => `${codeOf(letter)} ${letter.reason} ${letter.attempts}`).sort();
    expect(letters).toEqual(['download.status failed 1', 'download.status failed 3', 'download.too_large failed 1']);
    expect(deadLetters.every(({ error, body }) => error.includes(origin) && body.includes(origin))).toBe(true);
  });

  it('may be large: it is kept in a file meanwhile, and gone when the run has ended', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'catena-test-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const { origin } = await startServer((request, response) => {
      response.end(request.url === '/list/1' ? details('/a', '/b') : 'ä'.repeat(400_000));
    });
    const path = join(folder, 'a.db');
    let most = 0;
    const files = () =>
      existsSync(`${path}.blobs`)
        ? readdirSync(`${path}.blobs`, { recursive: true, withFileTypes: true }).filter((each) => each.isFile())
        : [];
    const recorder = {
      record: async () => {
        most = Math.max(most, files().length);
      },
    };
    const { items } = await run(startNode([crawl], { 'store.path': path }, { recorder }), crawl, { base: origin });
    expect(items).toMatchObject([{ length: 400_000 }, { length: 400_000 }]);
    expect([most > 0, files()]).toEqual([true, []]);
  });

  it('sets cookies for its run, and for no other', async () => {
    let visitors = 0;
    const { origin, seen } = await startServer((request, response) => {
      if (request.url !== '/list/1') {
        response.end(`seen as ${request.headers.cookie}`);
        return;
      }
      visitors += 1;
      response.setHeader('set-cookie', `visitor=${visitors}; Path=/`);
      response.end(details('/a', '/b'));
    });
    const node = startNode([crawl]);
    const first = await run(node, crawl, { base: origin });
    const second = await run(node, crawl, { base: origin });
    expect(bodies(first.items)).toEqual(['seen as visitor=1', 'seen as visitor=1']);
    expect(bodies(second.items)).toEqual(['seen as visitor=2', 'seen as visitor=2']);
    expect(seen.filter(({ url }) => url === '/list/1').map(({ headers }) => headers.cookie)).toEqual([
      undefined,
      undefined,
    ]);
  });
});

describe('manners', () => {
  it('a page that robots.txt disallows is a named failure and is never asked for', async () => {
    const { origin, seen } = await startServer((request, response) => {
      if (request.url === '/robots.txt') response.end('User-agent: catena\nDisallow: /private');
      else response.end(request.url === '/list/1' ? 'links: /private/a /public' : 'a page');
    });
    const node = startNode([crawl], { 'robots.enabled': true });
    const { items, deadLetters } = await run(node, crawl, { base: origin });
    expect(items).toMatchObject([{ path: '/public' }]);
    expect(deadLetters.map((letter) => [codeOf(letter), letter.attempts])).toEqual([['robots.disallowed', 1]]);
    const urls = seen.map(({ url }) => url);
    expect(urls.filter((url) => url === '/robots.txt')).toHaveLength(1);
    expect(urls).not.toContain('/private/a');
  });

  it('a Retry-After holds the whole host up, and drops nothing', async () => {
    const askedAtMs: [string, number][] = [];
    let refusedAtMs = 0;
    const { origin } = await startServer((request, response) => {
      const url = request.url ?? '';
      if (url === '/list/1') return response.end('links: /busy /a /b /c');
      if (url === '/busy' && refusedAtMs === 0) {
        refusedAtMs = performance.now();
        return response.writeHead(429, { 'retry-after': '1' }).end();
      }
      askedAtMs.push([url, performance.now()]);
      return response.end('a page');
    });
    const node = startNode([crawl], { 'limits.concurrency_per_host': 1 });
    const { items, end } = await run(node, crawl, { base: origin });
    expect(items).toHaveLength(4);
    expect(end.dead).toBe(0);
    const later = askedAtMs.filter(([, atMs]) => atMs > refusedAtMs);
    expect(later).toHaveLength(4);
    for (const [url, atMs] of later) expect(atMs - refusedAtMs, url).toBeGreaterThan(950);
  });

  it('a retried request keeps to the limit of its host', async () => {
    let inFlight = 0;
    let most = 0;
    const failed = new Set<string>();
    const { origin } = await startServer((request, response) => {
      const url = request.url ?? '';
      inFlight += 1;
      most = Math.max(most, inFlight);
      setTimeout(() => {
        inFlight -= 1;
        if (url.startsWith('/d') && !failed.has(url)) response.writeHead(500).end();
        else
          response.end(url === '/list/1' ? `links: ${Array.from({ length: 12 }, (_, n) => `/d${n}`).join(' ')}` : 'ok');
        failed.add(url);
      }, 2);
    });
    const node = startNode([crawl], { 'limits.concurrency_per_host': 2 });
    const { items } = await run(node, crawl, { base: origin });
    expect([items.length, most]).toEqual([12, 2]);
  });
});
