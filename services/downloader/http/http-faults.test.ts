import { describe, expect, it } from 'vitest';
import type { HttpClientOptions, Lookup } from './http-options.ts';
import { closedPort, get, startClient, startRawServer, startServer, textOf } from './loopback.fixture.ts';

const QUICK: Partial<HttpClientOptions> = {
  connectTimeoutMs: 60,
  headersTimeoutMs: 60,
  bodyTimeoutMs: 60,
  totalTimeoutMs: 5_000,
};

function failingLookup(code: string): Lookup {
  return (_hostname, _options, callback) => callback(Object.assign(new Error(`lookup ${code}`), { code }), '');
}

describe('a server that does not answer', () => {
  it('cannot be resolved', async () => {
    for (const networkCode of ['ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL']) {
      const client = startClient({ lookup: failingLookup(networkCode) });
      await expect(get(client, 'http://nowhere.test/x')).rejects.toMatchObject({
        code: 'download.dns',
        class: 'retryable',
        data: { url: 'http://nowhere.test/x', host: 'nowhere.test', networkCode },
      });
    }
  });

  it('refuses the connection', async () => {
    const url = `http://ann:secret@127.0.0.1:${await closedPort()}/`;
    const failure = get(startClient(), url);
    await expect(failure).rejects.toMatchObject({ code: 'download.refused', class: 'retryable' });
    await expect(failure).rejects.not.toThrow(/secret/);
  });

  it('takes too long to connect, to send its headers, or stops in the middle of its body', async () => {
    const silent = await startServer(() => {});
    const stopping = await startServer((_request, response) => void response.write('half'));
    const client = startClient({ ...QUICK, lookup: () => {} });
    const failures = await Promise.allSettled(
      ['http://slow.test/', silent.origin, stopping.origin].map((url) => get(client, url)),
    );
    expect(failures).toMatchObject([
      { reason: { code: 'download.connect_timeout', class: 'retryable', data: { connectTimeoutMs: 60 } } },
      { reason: { code: 'download.headers_timeout', class: 'retryable', data: { headersTimeoutMs: 60 } } },
      { reason: { code: 'download.body_timeout', class: 'retryable', data: { bodyTimeoutMs: 60 } } },
    ]);
  });

  it('drips its body for longer than the whole request may take', async () => {
    const { origin } = await startServer((_request, response) => {
      const drip = setInterval(() => response.write('.'), 5);
      response.on('close', () => clearInterval(drip));
    });
    await expect(get(startClient(QUICK), origin, { totalTimeoutMs: 80 })).rejects.toMatchObject({
      code: 'download.timeout',
      class: 'retryable',
      data: { totalTimeoutMs: 80 },
    });
  });

  it('redirects for longer than the whole request may take', async () => {
    let count = 0;
    const { origin } = await startServer((_request, response) => {
      count += 1;
      setTimeout(() => response.writeHead(302, { location: `/${count}` }).end(), 20);
    });
    const client = startClient({ maxRedirects: 1_000, totalTimeoutMs: 100 });
    await expect(get(client, origin)).rejects.toMatchObject({ code: 'download.timeout' });
  });

  it('does not speak TLS', async () => {
    const { port } = await startServer((_request, response) => response.end());
    await expect(get(startClient(), `https://127.0.0.1:${port}/`)).rejects.toMatchObject({
      code: 'download.tls',
      class: 'fatal',
    });
  });
});

describe('a server that answers badly', () => {
  it.each([
    ['closes before its headers', '', 'download.reset'],
    ['closes within its headers', 'HTTP/1.1 200 OK\r\ncontent-ty', 'download.reset'],
    ['closes before its length', 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nshort', 'download.truncated'],
    [
      'closes before its length, on purpose',
      `HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 9\r\n\r\nx`,
      'download.truncated',
    ],
    ['closes within a chunk', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n40\r\nshort', 'download.truncated'],
    [
      'closes before the last chunk',
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n',
      'download.truncated',
    ],
    [
      'closes before the last chunk, on purpose',
      'HTTP/1.1 200 OK\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n',
      'download.truncated',
    ],
    [
      'sends junk for a chunk',
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n',
      'download.malformed',
    ],
    ['is not HTTP', 'SSH-2.0-OpenSSH_9.2\r\n\r\n', 'download.malformed'],
    ['sends two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nx', 'download.malformed'],
    [
      'switches protocols unasked',
      'HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n',
      'download.reset',
    ],
  ])('%s', async (_what, response, code) => {
    const { origin } = await startRawServer((socket) => socket.end(response));
    const failure = get(startClient(QUICK), origin);
    await expect(failure).rejects.toMatchObject({ code, class: 'retryable', data: { url: `${origin}/` } });
  });

  it.each([
    ['before it answers', '', 'download.reset'],
    ['in the middle of its body', 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nshort', 'download.truncated'],
  ])('resets the connection %s', async (_when, response, code) => {
    const { origin } = await startRawServer((socket) => {
      if (response === '') socket.resetAndDestroy();
      else socket.write(response, () => setTimeout(() => socket.resetAndDestroy(), 10));
    });
    await expect(get(startClient(), origin)).rejects.toMatchObject({ code, class: 'retryable' });
  });

  it('sends more than its length: the rest is no answer to the next request', async () => {
    const { origin } = await startRawServer((socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokHTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil');
    });
    const client = startClient({ ...QUICK, maxConnectionsPerHost: 1 });
    for (let i = 0; i < 3; i++) expect(Buffer.from((await get(client, origin)).body).toString()).toBe('ok');
  });

  it('sends more headers than anybody reads', async () => {
    const { origin } = await startRawServer((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\n${'x-filler: y\r\n'.repeat(50_000)}`);
    });
    await expect(get(startClient(QUICK), origin)).rejects.toMatchObject({
      code: 'download.headers_too_large',
      class: 'fatal',
      remedy: expect.stringContaining('http.max_header_bytes'),
      data: { maxHeaderBytes: 262_144 },
    });
  });

  it('W4: sends many headers, as many as browsers read', async () => {
    const { origin } = await startRawServer((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\n${`x-filler: ${'y'.repeat(986)}\r\n`.repeat(200)}content-length: 2\r\n\r\nok`);
    });
    expect(textOf(await get(startClient(QUICK), origin))).toBe('ok');
    const small = startClient({ ...QUICK, maxHeaderBytes: 4_096 });
    await expect(get(small, origin)).rejects.toMatchObject({ code: 'download.headers_too_large' });
  });

  it('leaves the client as it was: the next request is answered', async () => {
    let isBroken = true;
    const { origin } = await startRawServer((socket) => {
      if (isBroken) socket.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nx');
      else socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok');
    });
    const client = startClient({ ...QUICK, maxConnectionsPerHost: 1 });
    for (let i = 0; i < 5; i++) await expect(get(client, origin)).rejects.toMatchObject({ code: 'download.truncated' });
    isBroken = false;
    expect((await get(client, origin)).status).toBe(200);
  });
});
