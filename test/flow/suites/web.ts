/** The web as it is, through all stages: what is read, what is refused, and what costs no attempt. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { defineModule, fetchStep } from '../../../libs/modules/index.ts';
import { codeOf, type FlowMode, run, startIn } from '../../fixtures/flow.ts';

const request = z.object({
  path: z.string(),
  untrusted: z.boolean().default(false),
  resendBody: z.boolean().default(false),
  body: z.string().optional(),
});

const reader = defineModule({
  name: 'reader',
  version: '1.0.0',
  input: z.object({ origin: z.string(), pages: z.array(request) }),
  steps: { page: fetchStep(request) },
  items: { page: z.object({ path: z.string(), url: z.string(), title: z.string(), id: z.unknown().optional() }) },
}).implement({
  *start({ go, input }) {
    for (const page of input.pages) yield go.page(page);
  },
  steps: {
    page: {
      request: ({ state: { path, body, ...more }, input }) => ({
        url: path.startsWith('http') ? path : input.origin + path,
        ...more,
        ...(body === undefined ? {} : { body }),
      }),
      *parse({ state: { path }, page, put }) {
        const isJson = page.text.startsWith('{');
        const id = isJson ? (page.json as { readonly id: unknown }).id : undefined;
        yield put.page({ path, url: page.url, title: isJson ? '' : page.$('title').text(), id });
      },
    },
  },
});

/** A server that answers each path with these bytes, as often as it is asked; notes what it is asked for. */
async function startSite(answers: Readonly<Record<string, Buffer | string | ((socket: Socket) => void)>>) {
  const asked: string[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => {});
    let received = '';
    socket.on('data', (data) => {
      received += data.toString('latin1');
      const end = received.indexOf('\r\n\r\n');
      if (end === -1) return;
      const path = received.split(' ')[1] ?? '';
      asked.push(received.slice(0, end).split('\r\n')[0]!.replace(' HTTP/1.1', ''));
      received = '';
      const answer = answers[path] ?? page('not here', '404 Not Found');
      if (typeof answer === 'function') answer(socket);
      else socket.end(typeof answer === 'string' ? Buffer.from(answer, 'latin1') : answer);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

function page(body: string | Buffer, status = '200 OK', headers = ''): Buffer {
  const bytes = Buffer.from(body as string);
  const head = `HTTP/1.1 ${status}\r\ncontent-length: ${bytes.length}\r\ncontent-type: text/html\r\n${headers}\r\n`;
  return Buffer.concat([Buffer.from(head, 'latin1'), bytes]);
}

const titled = (title: string): string => `<title>${title}</title>`;

export function describeWeb(mode: FlowMode): void {
  describe('the web as it is', () => {
    it('is read as browsers read it, at the first attempt', async () => {
      let turns = 0;
      const { origin, asked } = await startSite({
        '/latin1': 'HTTP/1.1 302 Found\r\nlocation: /caf\xe9\r\ncontent-length: 0\r\n\r\n',
        '/caf%E9': page(titled('café')),
        '/twice': page(
          gzipSync(gzipSync(titled('twice'))),
          '200 OK',
          'content-encoding: gzip\r\ncontent-encoding: gzip\r\n',
        ),
        '/plain': page(titled('plain'), '200 OK', 'content-encoding: gzip\r\n'),
        '/lengths': page(titled('lengths'), '200 OK', `content-length: ${titled('lengths').length}\r\n`),
        '/headers': page(titled('headers'), '200 OK', `x-filler: ${'y'.repeat(1_000)}\r\n`.repeat(20)),
        '/charset': page(
          Buffer.from(
            '<meta name=description content="charset=gbk"><meta charset=euc-kr><title>\x8c\x63</title>',
            'latin1',
          ),
        ),
        '/nul': page(titled('A\0B')),
        '/json': page('{"id":1234567890123456789}'),
        '/turn': (socket) => {
          turns += 1;
          socket.end(
            turns === 1 ? page('', '302 Found', 'location: /turn\r\nset-cookie: seen=1\r\n') : page(titled('turned')),
          );
        },
      });
      const node = await startIn(mode, [reader]);
      const paths = ['/latin1', '/twice', '/plain', '/lengths', '/headers', '/charset', '/nul', '/json', '/turn'];
      const { items, end, deadLetters } = await run(node, reader, { origin, pages: paths.map((path) => ({ path })) });
      expect(deadLetters).toEqual([]);
      expect(end).toMatchObject({ finishReason: 'completed', dead: 0 });
      const read = Object.fromEntries(
        (items as { path: string; title: string; id?: unknown }[]).map(({ path, title, id }) => [path, id ?? title]),
      );
      expect(read).toEqual({
        ...{ '/latin1': 'café', '/twice': 'twice', '/plain': 'plain', '/lengths': 'lengths', '/headers': 'headers' },
        ...{ '/charset': '똠', '/nul': 'A\ufffdB', '/json': '1234567890123456789', '/turn': 'turned' },
      });
      // Only loose framing is met twice, and by no attempt of the run.
      expect(asked.filter((line) => line === 'GET /lengths').length).toBeGreaterThanOrEqual(1);
      expect(asked.filter((line) => line === 'GET /nul')).toHaveLength(1);
    });

    it('that closes a kept connection under a request costs no attempt', async () => {
      let connections = 0;
      const server = createServer((socket) => {
        connections += 1;
        let count = 0;
        socket.on('error', () => {});
        socket.on('data', () => {
          count += 1;
          if (count === 1) socket.write(page(titled('kept')));
          else socket.resetAndDestroy();
        });
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      onTestFinished(() => void server.close());
      const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const node = await startIn(mode, [reader], { 'limits.concurrency_per_host': 1 });
      const pages = Array.from({ length: 12 }, (_, at) => ({ path: `/${at}` }));
      const { items, deadLetters } = await run(node, reader, { origin, pages });
      expect([items.length, deadLetters]).toEqual([12, []]);
      expect(connections).toBeGreaterThanOrEqual(6);
      expect(node.metrics.expose()).not.toMatch(/^error_task_retry_total(?:\{[^}]*\})? [1-9]/m);
    });

    it('keeps a status whose body cannot be decoded, and a body that was meant for another origin', async () => {
      const target = await startSite({ '/to': page(titled('there')) });
      const { origin } = await startSite({
        '/gone': page(Buffer.from('1f8b0800ff', 'hex'), '404 Not Found', 'content-encoding: gzip\r\n'),
        '/from': page('', '307 Temporary Redirect', `location: ${target.origin}/to\r\n`),
      });
      const pages = [{ path: '/gone' }, { path: '/from', body: 'a=1' }];
      const node = await startIn(mode, [reader]);
      const { deadLetters } = await run(node, reader, { origin, pages });
      expect(deadLetters.map((letter) => [codeOf(letter), letter.attempts]).sort()).toEqual([
        ['download.body_not_resent', 1],
        ['download.status', 1],
      ]);
      expect(target.asked).toEqual([]);
      const asked = [{ path: '/from', body: 'a=1', resendBody: true }];
      expect((await run(node, reader, { origin, pages: asked })).items).toMatchObject([{ title: 'there' }]);
      expect(target.asked).toEqual(['POST /to']);
    });
  });

  describe('an address that content names', () => {
    it('S1: is refused where it is private: by number, by name, behind a redirect, and its robots.txt too', async () => {
      const hidden = await startSite({ '/': page(titled('secret')) });
      const port = new URL(hidden.origin).port;
      const pages = [
        `http://127.0.0.1:${port}/`,
        `http://localhost:${port}/`,
        `http://[::1]:${port}/`,
        `http://[::ffff:127.0.0.1]:${port}/`,
        `http://0x7f.1:${port}/`,
        'http://169.254.169.254/latest/meta-data',
        'http://localhost/',
      ].map((path) => ({ path, untrusted: true }));
      // In both modes, with the setting off.
      const settings = { 'http.deny_private_targets': false, 'robots.enabled': true };
      const node = await startIn(mode, [reader], settings);
      const { items, deadLetters } = await run(node, reader, { origin: hidden.origin, pages });
      expect(items).toEqual([]);
      const codes = deadLetters.map((letter) => [codeOf(letter), letter.attempts] as const);
      expect(codes).toHaveLength(pages.length);
      for (const [code, attempts] of codes) {
        expect([code, attempts]).toEqual([expect.stringMatching(/^download\.(?:private_target|forbidden_port)$/), 1]);
      }
      expect(hidden.asked).toEqual([]);
    });

    it('S1: may not lead there from where it may go', async () => {
      const hidden = await startSite({ '/': page(titled('secret')) });
      const { origin, asked } = await startSite({
        '/out': page('', '302 Found', `location: ${hidden.origin.replace('127.0.0.1', '127.0.0.2')}/\r\n`),
        '/here': page(titled('here')),
      });
      const node = await startIn(mode, [reader], {
        'http.deny_private_targets': false,
        'http.allowed_untrusted_targets': '127.0.0.1',
      });
      const pages = ['/out', '/here'].map((path) => ({ path, untrusted: true }));
      const { items, deadLetters } = await run(node, reader, { origin, pages });
      expect(items).toMatchObject([{ title: 'here' }]);
      expect(deadLetters.map(codeOf)).toEqual(['download.private_target']);
      expect([hidden.asked, [...asked].sort()]).toEqual([[], ['GET /here', 'GET /out']]);
    });
  });
}
