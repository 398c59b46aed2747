/**
 * Reads the same bytes by Chromium, by curl and by Catena, prints what each made of them in three columns, and compares. Needs Debian's
 * packages `chromium` and `curl`.
 */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { expect, it, onTestFinished } from 'vitest';
import { SourcePage } from '../../libs/modules/page/page.ts';
import { createHttpClient } from '../../services/downloader/http/http-client.ts';
import { performRequest } from '../../services/downloader/http/request.ts';

const run = promisify(execFile);

const HEAD = 'HTTP/1.1 200 OK\r\n';
const HTML = 'content-type: text/html\r\n';
const TITLE = '<title>read</title>';
const LENGTH = `content-length: ${TITLE.length}\r\n`;
const CHUNK = `${TITLE.length.toString(16)}`;
const CHUNKED = 'transfer-encoding: chunked\r\n';

interface Case {
  readonly bytes: Buffer;
  /** Where Catena reads on purpose otherwise than Chromium, and why. */
  readonly differs?: string;
}

const of = (text: string, differs?: string): Case => ({
  bytes: Buffer.from(text, 'latin1'),
  ...(differs === undefined ? {} : { differs }),
});
const page = (body: string | Buffer, headers = HTML): Case => {
  const bytes = typeof body === 'string' ? Buffer.from(body, 'latin1') : body;
  return { bytes: Buffer.concat([Buffer.from(`${HEAD}${headers}content-length: ${bytes.length}\r\n\r\n`), bytes]) };
};

const CASES: Readonly<Record<string, Case>> = {
  '/usual': page(TITLE),
  '/w1-gzip-twice': page(gzipSync(gzipSync(TITLE)), `${HTML}content-encoding: gzip\r\ncontent-encoding: gzip\r\n`),
  '/w2-no-gzip': {
    ...page(TITLE, `${HTML}content-encoding: gzip\r\n`),
    differs: 'a body that is provably plain is read',
  },
  '/w3-two-lengths': of(`${HEAD}${HTML}${LENGTH}${LENGTH}\r\n${TITLE}`),
  '/different-lengths': of(`${HEAD}${HTML}${LENGTH}content-length: 3\r\n\r\n${TITLE}`),
  '/length-and-chunks': of(`${HEAD}${HTML}content-length: 3\r\n${CHUNKED}\r\n${CHUNK}\r\n${TITLE}\r\n0\r\n\r\n`),
  '/length-in-words': of(`${HEAD}${HTML}content-length: many\r\n\r\n${TITLE}`),
  '/w4-headers-of-20-kB': of(`${HEAD}${HTML}${`x: ${'y'.repeat(1_000)}\r\n`.repeat(20)}${LENGTH}\r\n${TITLE}`),
  '/lines-in-lf': of(`${HEAD}${HTML}${LENGTH}\r\n`.replaceAll('\r', '') + TITLE),
  '/header-without-colon': of(`${HEAD}garbage\r\n${HTML}${LENGTH}\r\n${TITLE}`),
  '/blank-before-colon': of(`${HEAD}x : y\r\n${HTML}${LENGTH}\r\n${TITLE}`),
  '/folded-header': of(`${HEAD}x: a\r\n b\r\n${HTML}${LENGTH}\r\n${TITLE}`),
  '/control-in-header': of(`${HEAD}x: a\x01b\r\n${HTML}${LENGTH}\r\n${TITLE}`),
  '/nul-in-header': of(`${HEAD}x: a\0b\r\n${HTML}${LENGTH}\r\n${TITLE}`),
  '/chunk-with-blanks': of(`${HEAD}${HTML}${CHUNKED}\r\n${CHUNK}  \r\n${TITLE}\r\n0\r\n\r\n`),
  '/no-last-chunk': of(`${HEAD}${HTML}${CHUNKED}\r\n${CHUNK}\r\n${TITLE}\r\n`),
  '/cut-off': of(`${HEAD}${HTML}content-length: 500\r\n\r\n${TITLE}`),
  '/w9-latin1-location': of('HTTP/1.1 302 Found\r\nlocation: /caf\xe9\r\ncontent-length: 0\r\n\r\n'),
  '/caf%E9': page(TITLE),
  '/empty-location': of(`HTTP/1.1 302 Found\r\nlocation: \r\n${HTML}${LENGTH}\r\n${TITLE}`),
  '/w11-prose': page(
    '<meta name="description" content="charset=gbk"><meta charset="utf-8"><title>\xe5\xb9\xb3</title>',
  ),
  '/w11b-euc-kr': page('<meta charset=euc-kr><title>\x8c\x63\xb9\xe6\xc1\x64</title>'),
  '/big5': page('<meta charset=big5><title>\x87\x40\xf9\xd6</title>'),
  '/shift-jis': page('<meta charset=shift_jis><title>\x87\x40\x81\x60</title>'),
  '/w11c-late-charset': page(`<!--${'x'.repeat(3_000)}--><meta charset=windows-1251><title>\xc4\xe0</title>`),
  '/w13-nul': page('<meta charset=utf-8><title>A\0B</title>'),
};

it('what Chromium reads, Catena reads the same, but for what it reads otherwise on purpose', {
  timeout: 180_000,
}, async () => {
  const { origin } = await startServer();
  const byChromium = await readByChromium(origin);
  const rows: Record<string, Record<string, string>> = {};
  for (const path of Object.keys(CASES)) {
    const [curl, catena] = [await readByCurl(origin + path), await readByCatena(origin + path)];
    rows[path] = { chromium: byChromium[path] ?? 'nothing', curl, catena };
  }
  process.stdout.write(`\n${table(rows)}\n`);
  for (const [path, { chromium, catena }] of Object.entries(rows)) {
    const { differs } = CASES[path]!;
    if (differs === undefined) expect([path, catena]).toEqual([path, chromium]);
    else expect([path, catena]).not.toEqual([path, chromium]);
  }
});

function table(rows: Readonly<Record<string, Readonly<Record<string, string>>>>): string {
  const cells = Object.entries(rows).map(([path, row]) => [path, row.chromium ?? '', row.curl ?? '', row.catena ?? '']);
  const lines = [['', 'Chromium', 'curl', 'Catena'], ...cells];
  const widths = [0, 1, 2, 3].map((at) => Math.max(...lines.map((line) => line[at]!.length)));
  return lines
    .map((line) =>
      line
        .map((cell, at) => cell.padEnd(widths[at]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Answers each path with its bytes and `/all` with a page that reads them all. */
async function startServer(): Promise<{ origin: string }> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', (data) => {
      const path = data.toString('latin1').split(' ')[1] ?? '';
      const known = path === '/all' ? page(readingPage(), `${HTML}cache-control: no-store\r\n`) : CASES[path];
      socket.end(known?.bytes ?? page('<title>not here</title>').bytes);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** A page whose script reads each case as a document, and shows what it has read as JSON. */
function readingPage(): string {
  const paths = JSON.stringify(Object.keys(CASES));
  return `<!doctype html><pre id=read></pre><script>
    const read = {};
    let left = ${paths}.length;
    const show = () => { document.querySelector('#read').textContent = encodeURIComponent(JSON.stringify(read)); };
    for (const path of ${paths}) {
      const request = new XMLHttpRequest();
      request.open('GET', path);
      request.responseType = 'document';
      const done = (text) => { read[path] = text; left -= 1; if (left === 0) show(); };
      request.onload = () => done(request.status + ' ' + new URL(request.responseURL).pathname + ' ' + (request.responseXML ? request.responseXML.title : ''));
      request.onerror = () => done('refused');
      request.send();
    }
  </script>`;
}

async function readByChromium(origin: string): Promise<Record<string, string>> {
  const folder = mkdtempSync(join(tmpdir(), 'catena-columns-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 10 }));
  const options = ['--headless', '--no-sandbox', '--disable-gpu', `--user-data-dir=${folder}`];
  const args = [...options, '--virtual-time-budget=20000', '--dump-dom', `${origin}/all`];
  const { stdout } = await run('chromium', args, { maxBuffer: 16 * 1024 * 1024, timeout: 120_000 });
  const read = /<pre id="read">([^<]+)</.exec(stdout)?.[1];
  if (read === undefined) throw new Error(`Chromium has read nothing:\n${stdout.slice(0, 2_000)}`);
  return JSON.parse(decodeURIComponent(read)) as Record<string, string>;
}

async function readByCurl(url: string): Promise<string> {
  try {
    const args = ['-sSL', '--compressed', '-m', '10', '-w', '\n%{http_code} %{url_effective}', url];
    const { stdout } = await run('curl', args, { encoding: 'latin1' });
    const [, status = '', at = ''] = /\n(\d+) (\S+)$/.exec(stdout) ?? [];
    // curl decodes no text.
    return `${status} ${new URL(at).pathname} ${escaped(/<title>([^<]*)/.exec(stdout)?.[1] ?? '')}`;
  } catch (thrown) {
    return `refused (${String((thrown as { code?: unknown }).code)})`;
  }
}

function escaped(bytes: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that are meant.
  return bytes.replace(/[\0-\x1f\x7f-\xff]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

async function readByCatena(url: string): Promise<string> {
  const client = createHttpClient();
  try {
    const request = { method: 'GET', url, headers: {} };
    const response = await performRequest(client, request, new AbortController().signal);
    const headers = Object.fromEntries(response.headers);
    const title = new SourcePage({ ...response, headers }, 'fast').$('title').text();
    return `${response.status} ${new URL(response.url).pathname} ${title}`;
  } catch (thrown) {
    if ((thrown as { code?: string }).code?.startsWith('download.') !== true) throw thrown;
    return 'refused';
  } finally {
    await client.close();
  }
}
