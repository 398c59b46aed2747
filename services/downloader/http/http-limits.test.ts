import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it, vi } from 'vitest';
import type { HttpClientOptions, Lookup } from './http-options.ts';
import { get, startClient, startRawServer, startServer, textOf } from './loopback.fixture.ts';

/** A server that sends these bytes under this content encoding, wherever it is asked. */
async function serving(bytes: Uint8Array, encoding?: string): Promise<string> {
  const { origin } = await startServer((_request, response) => {
    if (encoding !== undefined) response.setHeader('content-encoding', encoding);
    response.end(bytes);
  });
  return origin;
}

describe('content encodings', () => {
  const page = Buffer.from('<p>page</p>'.repeat(3_000));
  it.each([
    ['gzip', gzipSync(page)],
    ['x-gzip', gzipSync(page)],
    ['GZIP', gzipSync(page)],
    ['deflate', deflateSync(page)],
    ['deflate', deflateRawSync(page)],
    ['br', brotliCompressSync(page)],
    ['zstd', zstdCompressSync(page)],
    ['deflate, gzip', gzipSync(deflateSync(page))],
    ['identity', page],
    ['utf-8', page],
    ['', page],
  ])('%s is taken off', async (encoding, bytes) => {
    const response = await get(startClient(), await serving(bytes, encoding));
    expect(Buffer.compare(response.body, page)).toBe(0);
  });

  it('takes off what is too large to do on the spot', async () => {
    const noise = Buffer.from(Array.from({ length: 200_000 }, (_, i) => ((i * 7919) % 251) ^ (i >> 3)));
    const sent = gzipSync(noise, { level: 1 });
    expect(sent.length).toBeGreaterThan(32 * 1024);
    expect(Buffer.compare((await get(startClient(), await serving(sent, 'gzip'))).body, noise)).toBe(0);
  });

  it.each([
    ['gzip', gzipSync(page).subarray(0, -5)],
    ['br', brotliCompressSync(page).subarray(0, -5)],
    ['zstd', zstdCompressSync(page).subarray(0, -5)],
    ['deflate', deflateSync(page).subarray(0, -5)],
    ['gzip, gzip, gzip, gzip', page],
    ['br', deflateSync(page)],
    ['gzip', Buffer.from([0x1f, 0x8b, 8, 0])],
  ])('a broken %s stream is a retryable failure', async (encoding, bytes) => {
    await expect(get(startClient(), await serving(bytes, encoding))).rejects.toMatchObject({
      code: 'download.bad_encoding',
      class: 'retryable',
    });
  });

  it.each([
    ['gzip', page],
    ['x-gzip', Buffer.from('ok')],
    ['br', page],
    ['deflate', Buffer.from('{"caf\u00e9":1}')],
    ['zstd', page],
    ['gzip, gzip', gzipSync(page), page],
    ['gzip', Buffer.from('caf\xe9 \0', 'latin1')],
  ])('W2: a body that is provably not %s is read as it is', async (encoding, bytes, read = bytes) => {
    const response = await get(startClient(), await serving(bytes, encoding));
    expect(Buffer.compare(response.body, read)).toBe(0);
  });

  it.each([
    ['gzip', 'gzip', gzipSync(gzipSync(page))],
    ['gzip', 'br', brotliCompressSync(gzipSync(page))],
    ['deflate, gzip', 'br', brotliCompressSync(gzipSync(deflateSync(page)))],
    ['gzip', 'identity', gzipSync(page)],
  ])('W1: lines of their own, %s and %s, are one list', async (first, second, bytes) => {
    const head = `HTTP/1.1 200 OK\r\ncontent-encoding: ${first}\r\nContent-Encoding: ${second}\r\n`;
    const { origin } = await startRawServer((socket) => {
      socket.end(Buffer.concat([Buffer.from(`${head}content-length: ${bytes.length}\r\n\r\n`), bytes]));
    });
    expect(Buffer.compare((await get(startClient(), origin)).body, page)).toBe(0);
  });

  it('W2: a status that is no success counts before a body that cannot be read', async () => {
    const bytes = gzipSync(page).subarray(0, -5);
    const { origin } = await startServer((_request, response) =>
      response.writeHead(404, { 'content-encoding': 'gzip' }).end(bytes),
    );
    const response = await get(startClient(), origin);
    expect(response).toMatchObject({ status: 404, undecoded: 'content-encoding gzip, unexpected end of file' });
    expect(Buffer.compare(response.body, bytes)).toBe(0);
  });

  it('stops a body that grows out of proportion, whatever it is packed with', async () => {
    const zeros = Buffer.alloc(5_000_000);
    const client = startClient({ maxDecompressionRatio: 20, decompressionFloorBytes: 100_000 });
    for (const [encoding, bomb] of [
      ['gzip', gzipSync(zeros)],
      ['br', brotliCompressSync(zeros)],
      ['zstd', zstdCompressSync(zeros)],
      ['gzip, gzip', gzipSync(gzipSync(zeros))],
    ] as const) {
      await expect(get(client, await serving(bomb, encoding))).rejects.toMatchObject({
        code: 'download.decompression_ratio',
        class: 'fatal',
        data: { maxDecompressionRatio: 20, sentBytes: bomb.length },
      });
    }
  });

  it('lets small pages compress as well as they like', async () => {
    const zeros = Buffer.alloc(90_000);
    const client = startClient({ maxDecompressionRatio: 2, decompressionFloorBytes: 100_000 });
    expect((await get(client, await serving(gzipSync(zeros), 'gzip'))).body.length).toBe(90_000);
  });

  it('stops at the size that a body may have', async () => {
    const client = startClient({ maxBodyBytes: 50_000, maxDecompressionRatio: 10_000 });
    await expect(get(client, await serving(gzipSync(Buffer.alloc(60_000)), 'gzip'))).rejects.toMatchObject({
      code: 'download.too_large',
      class: 'fatal',
      data: { maxBodyBytes: 50_000 },
    });
    expect((await get(client, await serving(gzipSync(Buffer.alloc(50_000)), 'gzip'))).body.length).toBe(50_000);
  });

  it('stops a zstd frame that wants a window of its own size', async () => {
    // A frame header (no content size, single segment off) that asks for a window of 2 GiB, then an empty last block.
    const frame = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, (31 - 10) << 3, 0x01, 0x00, 0x00]);
    await expect(get(startClient(), await serving(frame, 'zstd'))).rejects.toMatchObject({
      code: 'download.bad_encoding',
    });
  });
});

describe('the size of a body', () => {
  it('is refused by its announced length, before it is sent', async () => {
    const { origin } = await startRawServer((socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 101\r\n\r\n'));
    await expect(get(startClient({ maxBodyBytes: 100 }), origin)).rejects.toMatchObject({
      code: 'download.too_large',
      class: 'fatal',
      data: { maxBodyBytes: 100 },
    });
  });

  it('is refused while it comes, when nobody said how long it is', async () => {
    let isClosed = false;
    const { origin } = await startServer((_request, response) => {
      const pour = (): void => {
        while (!response.destroyed && response.write('x'.repeat(10_000)));
      };
      response.on('drain', pour).on('close', () => {
        isClosed = true;
      });
      pour();
    });
    await expect(get(startClient({ maxBodyBytes: 100_000 }), origin)).rejects.toMatchObject({
      code: 'download.too_large',
    });
    await expect.poll(() => isClosed).toBe(true);
  });

  it('may be exactly what is allowed', async () => {
    const client = startClient({ maxBodyBytes: 100 });
    expect(textOf(await get(client, await serving(Buffer.alloc(100, 'x'))))).toHaveLength(100);
  });
});

describe('private targets', () => {
  const toLoopback: Lookup = (_hostname, options, callback) => {
    if (options.all === true) callback(null, [{ address: '127.0.0.1', family: 4 }]);
    else callback(null, '127.0.0.1', 4);
  };

  it.each([
    'http://127.0.0.1:PORT/',
    'http://2130706433:PORT/',
    'http://0x7f.1:PORT/',
    'http://127.1:PORT/',
    'http://[::1]:PORT/',
    'http://[::ffff:127.0.0.1]:PORT/',
    'http://[::]:PORT/',
    'http://0.0.0.0:PORT/',
    'http://169.254.169.254/latest/meta-data',
    'http://looks-public.test:PORT/',
  ])('%s is refused without a connection', async (url) => {
    const { port, seen } = await startServer((_request, response) => response.end());
    const client = startClient({ denyPrivateTargets: true, lookup: toLoopback });
    await expect(get(client, url.replace('PORT', String(port)))).rejects.toMatchObject({
      code: 'download.private_target',
      class: 'fatal',
    });
    expect(seen).toEqual([]);
  });

  it('are refused with the names that this machine has for itself', async () => {
    const { port } = await startServer((_request, response) => response.end());
    const client = startClient({ denyPrivateTargets: true });
    for (const name of ['localhost', 'LOCALHOST']) {
      await expect(get(client, `http://${name}:${port}/`)).rejects.toMatchObject({ code: 'download.private_target' });
    }
  });

  it('are refused behind a redirect too, by address and by name', async () => {
    const hidden = await startServer((_request, response) => response.end('secret'));
    for (const host of ['[::1]', '127.0.0.2', 'inside.test']) {
      const open = await startServer((_request, response) => {
        response.writeHead(302, { location: `http://${host}:${hidden.port}/` }).end();
      });
      const lookup: Lookup = (_hostname, _options, callback) => callback(null, [{ address: '127.0.0.2', family: 4 }]);
      const client = startClient({ denyPrivateTargets: true, allowedPrivateTargets: ['127.0.0.1'], lookup });
      await expect(get(client, open.origin)).rejects.toMatchObject({
        code: 'download.private_target',
        data: { host: `${host}:${hidden.port}` },
      });
    }
    expect(hidden.seen).toEqual([]);
  });

  it('are left out when a name has public addresses too', async () => {
    const { port, seen } = await startServer((_request, response) => response.end());
    const both: Lookup = (_hostname, _options, callback) =>
      callback(null, [
        { address: '10.0.0.1', family: 4 },
        { address: '127.0.0.1', family: 4 },
      ]);
    const client = startClient({ denyPrivateTargets: true, allowedPrivateTargets: ['127.0.0.1'], lookup: both });
    await get(client, `http://both.test:${port}/`);
    expect(seen).toHaveLength(1);
  });

  it.each([
    'http://127.0.0.1:PORT/',
    'http://[::1]:PORT/',
    'http://2130706433:PORT/',
    'http://localhost/',
    'http://looks-public.test/',
    'http://169.254.169.254/',
    'https://10.0.0.1/',
  ])('S1: %s is refused for a URL from content, though nobody forbids private addresses', async (url) => {
    const { port, seen } = await startServer((_request, response) => response.end());
    const client = startClient({ lookup: toLoopback });
    await expect(get(client, url.replace('PORT', String(port)), { isUntrusted: true })).rejects.toMatchObject({
      code: 'download.private_target',
      class: 'fatal',
      remedy: expect.stringContaining('http.allowed_untrusted_targets'),
    });
    expect(seen).toEqual([]);
  });

  it.each(['http://shop.test:8080/', 'http://shop.test:22/', 'https://8.8.8.8:8443/', 'http://[2001:4860::1]:1/'])(
    'S1: %s is refused for its port when it comes from content',
    async (url) => {
      const resolve = vi.fn(toLoopback);
      const client = startClient({ lookup: resolve });
      await expect(get(client, url, { isUntrusted: true })).rejects.toMatchObject({
        code: 'download.forbidden_port',
        class: 'fatal',
      });
      expect(resolve).not.toHaveBeenCalled();
    },
  );

  it('S1: a redirect of a URL from content is refused as the URL itself would be', async () => {
    const hidden = await startServer((_request, response) => response.end('secret'));
    const open = await startServer((request, response) => {
      const to = request.url === '/port' ? 'http://shop.test:8080/' : `http://127.0.0.2:${hidden.port}/`;
      response.writeHead(302, { location: to }).end();
    });
    const client = startClient({ allowedUntrustedTargets: ['127.0.0.1'] });
    const codeOf = (path: string) =>
      get(client, open.origin + path, { isUntrusted: true }).then(textOf, ({ code }: { code: string }) => code);
    expect(await codeOf('/address')).toBe('download.private_target');
    expect(await codeOf('/port')).toBe('download.forbidden_port');
    expect(hidden.seen).toEqual([]);
  });

  it('S1: a URL from content uses no connection that another request has opened', async () => {
    const { port, seen } = await startServer((_request, response) => response.end('home'));
    const client = startClient();
    const url = `http://localhost:${port}/`;
    expect(textOf(await get(client, url))).toBe('home');
    await expect(get(client, url, { isUntrusted: true })).rejects.toMatchObject({ code: 'download.forbidden_port' });
    const lenient = startClient({ lenient: 'always' });
    await expect(get(lenient, url, { isUntrusted: true })).rejects.toMatchObject({ code: 'download.forbidden_port' });
    expect(seen).toHaveLength(1);
  });

  it('are exceptions by address and by network, for trusted and untrusted requests apart', async () => {
    const { origin } = await startServer((_request, response) => response.end('home'));
    const outcome = (options: Partial<HttpClientOptions>, isUntrusted: boolean) =>
      get(startClient(options), origin, { isUntrusted }).then(textOf, ({ code }: { code: string }) => code);
    const denied = { denyPrivateTargets: true };
    for (const networks of [['127.0.0.1'], ['10.0.0.0/8', '127.0.0.0/8']]) {
      expect(await outcome({ ...denied, allowedPrivateTargets: networks }, false)).toBe('home');
      expect(await outcome({ ...denied, allowedPrivateTargets: networks }, true)).toBe('download.private_target');
      expect(await outcome({ ...denied, allowedUntrustedTargets: networks }, true)).toBe('home');
      expect(await outcome({ ...denied, allowedUntrustedTargets: networks }, false)).toBe('download.private_target');
    }
    expect(await outcome({ allowedUntrustedTargets: ['128.0.0.0/8', 'nonsense'] }, true)).toBe(
      'download.private_target',
    );
  });

  it('are reached when nobody forbids it', async () => {
    const { port } = await startServer((_request, response) => response.end('home'));
    expect(textOf(await get(startClient(), `http://localhost:${port}/`))).toBe('home');
  });
});
