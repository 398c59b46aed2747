/** Runs against a site on loopback, in either mode: what a crawl meets on its way. */
import { describe, expect, it } from 'vitest';
import { METRICS } from '../../../libs/telemetry/metric-names.ts';
import { type Handler, startServer } from '../../../services/downloader/http/loopback.fixture.ts';
import { codeOf, type FlowMode, run, startIn } from '../../fixtures/flow.ts';
import { bodies, crawl } from '../../fixtures/modules/crawl.ts';

export function describeSite(mode: FlowMode): void {
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
          else response.writeHead(200, { 'content-encoding': 'gzip' }).end(Buffer.from('1f8b0800ff', 'hex'));
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
      const node = await startIn(mode, [crawl]);
      const { end, items, deadLetters } = await run(node, crawl, { base: origin, pages });
      expect(deadLetters.map(codeOf)).toEqual([]);
      expect(end).toMatchObject({ finishReason: 'completed', items: pages * perPage, dead: 0 });
      const wanted = Array.from({ length: pages * perPage }, (_, n) => `detail ${n} of 200`);
      expect(new Set(bodies(items))).toEqual(new Set(wanted));
      expect(seen.length).toBeGreaterThan(pages * (perPage + 1) + 60);
      // A kept connection that was closed under a request costs no attempt.
      expect(node.metrics.total(METRICS.errorTaskRetry)).toBeGreaterThan(40);
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
      const { items, deadLetters } = await run(await startIn(mode, [crawl]), crawl, { base: origin });
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
      const node = await startIn(mode, [crawl], { 'http.max_body_bytes': 10_000 });
      const { end, items, deadLetters } = await run(node, crawl, { base: origin });
      expect(bodies(items)).toEqual(['good']);
      expect(end).toMatchObject({ finishReason: 'completed', dead: 3, items: 1 });
      const letters = deadLetters.map((letter) => `${codeOf(letter)} ${letter.reason} ${letter.attempts}`).sort();
      expect(letters).toEqual(['download.status failed 1', 'download.status failed 3', 'download.too_large failed 1']);
      expect(deadLetters.every(({ error, body }) => error.includes(origin) && body.includes(origin))).toBe(true);
    });

    it('may be large: it travels apart from its message', async () => {
      const { origin } = await startServer((request, response) => {
        response.end(request.url === '/list/1' ? details('/a', '/b') : 'ä'.repeat(400_000));
      });
      const { items } = await run(await startIn(mode, [crawl]), crawl, { base: origin });
      expect(items).toMatchObject([{ length: 400_000 }, { length: 400_000 }]);
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
      const node = await startIn(mode, [crawl]);
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
}
