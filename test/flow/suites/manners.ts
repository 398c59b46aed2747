/** How a crawl treats the sites that it visits, in either mode. */
import { describe, expect, it } from 'vitest';
import { startServer } from '../../../services/downloader/http/loopback.fixture.ts';
import { codeOf, type FlowMode, run, startIn } from '../../fixtures/flow.ts';
import { crawl } from '../../fixtures/modules/crawl.ts';

export function describeManners(mode: FlowMode): void {
  describe('manners', () => {
    it('a page that robots.txt disallows is a named failure and is never asked for', async () => {
      const { origin, seen } = await startServer((request, response) => {
        if (request.url === '/robots.txt') response.end('User-agent: catena\nDisallow: /private');
        else response.end(request.url === '/list/1' ? 'links: /private/a /public' : 'a page');
      });
      const node = await startIn(mode, [crawl], { 'robots.enabled': true });
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
      const node = await startIn(mode, [crawl], { 'limits.concurrency_per_host': 1 });
      const { items, end } = await run(node, crawl, { base: origin });
      expect(items).toHaveLength(4);
      expect(end.dead).toBe(0);
      const later = askedAtMs.filter(([, atMs]) => atMs > refusedAtMs);
      expect(later).toHaveLength(4);
      for (const [url, atMs] of later) expect(atMs - refusedAtMs, url).toBeGreaterThan(950);
    });

    it('a quota that is used up holds the host up before anything is refused', async () => {
      const askedAtMs: number[] = [];
      const { origin } = await startServer((request, response) => {
        if (request.url === '/list/1') return response.end('links: /a /b /c /d');
        askedAtMs.push(performance.now());
        const left = String(Math.max(0, 2 - askedAtMs.length));
        return response
          .writeHead(200, { 'x-ratelimit-remaining': left, 'x-ratelimit-reset': askedAtMs.length === 2 ? '1' : '0' })
          .end('a page');
      });
      const node = await startIn(mode, [crawl], { 'limits.concurrency_per_host': 1 });
      const { items, end } = await run(node, crawl, { base: origin });
      expect([items.length, end.dead, askedAtMs.length]).toEqual([4, 0, 4]);
      expect(askedAtMs[2]! - askedAtMs[1]!).toBeGreaterThan(950);
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
            response.end(
              url === '/list/1' ? `links: ${Array.from({ length: 12 }, (_, n) => `/d${n}`).join(' ')}` : 'ok',
            );
          failed.add(url);
        }, 2);
      });
      const node = await startIn(mode, [crawl], { 'limits.concurrency_per_host': 2 });
      const { items } = await run(node, crawl, { base: origin });
      expect([items.length, most]).toEqual([12, 2]);
    });
  });
}
