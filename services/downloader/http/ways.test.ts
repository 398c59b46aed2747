/** Servers that HTTP/1.1 over kept connections does not suit. */
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createSecureServer, type Http2SecureServer, type ServerHttp2Stream } from 'node:http2';
import { type AddressInfo, createServer as createRawServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { makeAuthority } from '../../../test/fixtures/grpc/certificates.ts';
import { createHttpClient } from './http-client.ts';
import type { HttpClientOptions, Lookup } from './http-options.ts';
import { get, startClient, startRawServer, textOf } from './loopback.fixture.ts';

const HEAD = 'HTTP/1.1 200 OK\r\n';
const HELLO = 'hello world';
/** Resolves every name to the loopback address. */
const toLoopback: Lookup = (_host, options, callback) =>
  options.all === true ? callback(null, [{ address: '127.0.0.1', family: 4 }]) : callback(null, '127.0.0.1', 4);

const QUICK = { connectTimeoutMs: 2_000, headersTimeoutMs: 2_000, bodyTimeoutMs: 2_000 };

describe('a kept connection', () => {
  /** Answers one request of each connection, and does with the next what `end` does. Counts connections and requests. */
  async function startForgetful(end: (socket: Socket) => void, first = 'content-length: 2\r\n\r\nok') {
    const seen = { connections: 0, requests: [] as string[] };
    const server = createRawServer((socket) => {
      seen.connections += 1;
      let count = 0;
      socket.on('error', () => {});
      socket.on('data', (data) => {
        const line = data.toString('latin1').split('\r\n')[0]!;
        seen.requests.push(line);
        count += 1;
        if (count === 1) socket.write(HEAD + first);
        else end(socket);
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
  }

  it.each([
    ['is reset', (socket: Socket) => socket.resetAndDestroy()],
    ['is closed', (socket: Socket) => socket.end()],
    ['is destroyed', (socket: Socket) => socket.destroy()],
  ])('W5: that %s under a request costs no attempt', async (_how, end) => {
    const { origin } = await startForgetful(end);
    const client = startClient({ ...QUICK, maxConnectionsPerHost: 1 });
    for (let page = 0; page < 12; page++) expect(textOf(await get(client, `${origin}/${page}`))).toBe('ok');
  });

  it.each([
    ['PUT', 'ok'],
    ['DELETE', 'ok'],
    ['POST', 'download.reset'],
    ['PATCH', 'download.reset'],
  ])('W5: is no reason to send a %s twice, if that may change something', async (method, outcome) => {
    const { origin, seen } = await startForgetful((socket) => socket.resetAndDestroy());
    const client = startClient({ ...QUICK, maxConnectionsPerHost: 1 });
    await get(client, origin);
    const sent = get(client, origin, { method, body: Buffer.from('x') }).then(textOf, ({ code }) => code);
    expect(await sent).toBe(outcome);
    expect(seen.requests.filter((line) => line.startsWith(method))).toHaveLength(outcome === 'ok' ? 2 : 1);
  });

  it('that has begun to answer is not tried again', async () => {
    const { origin, seen } = await startForgetful((socket) => {
      socket.end(`${HEAD}content-length: 50\r\n\r\ncut`);
    });
    const client = startClient({ ...QUICK, maxConnectionsPerHost: 1 });
    await get(client, origin);
    await expect(get(client, origin)).rejects.toMatchObject({ code: 'download.truncated' });
    expect(seen.requests).toHaveLength(2);
  });

  it('is tried again once: a server that resets each request fails it', async () => {
    let connections = 0;
    let isOver = false;
    const { origin } = await startRawServer((socket) => {
      connections += 1;
      if (isOver) socket.resetAndDestroy();
      else socket.write(`${HEAD}content-length: 2\r\n\r\nok`);
    });
    const client = startClient({ ...QUICK, maxConnectionsPerHost: 1 });
    await get(client, origin);
    isOver = true;
    await expect(get(client, origin)).rejects.toMatchObject({ code: 'download.reset', class: 'retryable' });
    expect(connections).toBe(3);
  });

  it('is not blamed for a new one that is reset', async () => {
    let connections = 0;
    const { origin } = await startRawServer((socket) => {
      connections += 1;
      socket.resetAndDestroy();
    });
    await expect(get(startClient(QUICK), origin)).rejects.toMatchObject({ code: 'download.reset' });
    expect(connections).toBe(1);
  });
});

/** A server of these bytes, one connection for each request; counts them. */
async function serving(response: string | Buffer) {
  const seen = { requests: 0 };
  const { origin } = await startRawServer((socket) => {
    seen.requests += 1;
    socket.end(typeof response === 'string' ? Buffer.from(response, 'latin1') : response);
  });
  return { origin, seen };
}

const CHUNKED = 'transfer-encoding: chunked\r\n';

describe('a response that is no strict HTTP', () => {
  it.each([
    ['W3: two equal lengths', `${HEAD}content-length: 11\r\ncontent-length: 11\r\n\r\n${HELLO}`],
    ['W3: two equal lengths in a line', `${HEAD}content-length: 11, 11\r\n\r\n${HELLO}`],
    ['a length beside chunks', `${HEAD}content-length: 3\r\n${CHUNKED}\r\nb\r\n${HELLO}\r\n0\r\n\r\n`],
    ['a length that is none', `${HEAD}content-length: abc\r\n\r\n${HELLO}`],
    ['a header without a colon', `${HEAD}garbage\r\ncontent-length: 11\r\n\r\n${HELLO}`],
    ['a header without a name', `${HEAD}: x\r\ncontent-length: 11\r\n\r\n${HELLO}`],
    ['a blank before the colon', `${HEAD}x : y\r\nContent-Length : 11\r\n\r\n${HELLO}`],
    ['a name with a blank', `${HEAD}x y: z\r\ncontent-length: 11\r\n\r\n${HELLO}`],
    ['lines that end in LF', `HTTP/1.1 200 OK\ncontent-length: 11\nx: y\n\n${HELLO}`],
    ['a folded header', `${HEAD}x: a\r\n b\r\ncontent-length: 11\r\n\r\n${HELLO}`],
    ['a control character in a header', `${HEAD}x: a\x01b\r\ncontent-length: 11\r\n\r\n${HELLO}`],
    ['a CR in a header', `${HEAD}x: a\rb\r\ncontent-length: 11\r\n\r\n${HELLO}`],
    ['a chunk size with blanks', `${HEAD}${CHUNKED}\r\nb  \r\n${HELLO}\r\n0\r\n\r\n`],
    ['chunks whose lines end in LF', `${HEAD}${CHUNKED}\r\n6\nhello \n5;x=y\nworld\n0\n\n`],
    ['identity as its transfer', `${HEAD}transfer-encoding: identity\r\ncontent-length: 11\r\n\r\n${HELLO}`],
    ['a small http', `http/1.1 200 OK\r\ncontent-length: 11\r\n\r\n${HELLO}`],
    ['two blanks in its status line', `HTTP/1.1  200 OK\r\ncontent-length: 11\r\n\r\n${HELLO}`],
    ['another minor version', `HTTP/1.2 200 OK\r\ncontent-length: 11\r\n\r\n${HELLO}`],
  ])('%s: is read, in the same attempt, and at once from then on', async (_what, response) => {
    const { origin, seen } = await serving(response);
    const onUnusual = vi.fn();
    const client = createHttpClient(QUICK, onUnusual);
    onTestFinished(() => client.close());
    expect(textOf(await get(client, origin))).toBe(HELLO);
    expect(seen.requests).toBe(2);
    expect(textOf(await get(client, origin))).toBe(HELLO);
    expect(seen.requests).toBe(3);
    expect(onUnusual.mock.calls).toEqual([
      [origin, 'lenient', expect.objectContaining({ code: 'download.malformed' })],
    ]);
  });

  it.each([
    ['different lengths', `${HEAD}content-length: 11\r\ncontent-length: 5\r\n\r\n${HELLO}`, 'download.malformed'],
    ['a NUL in a header', `${HEAD}x: a\0b\r\ncontent-length: 11\r\n\r\n${HELLO}`, 'download.malformed'],
    ['no status line', HELLO, 'download.malformed'],
    ['a chunk that is no chunk', `${HEAD}${CHUNKED}\r\nzz\r\n${HELLO}\r\n0\r\n\r\n`, 'download.malformed'],
    ['a chunk longer than its size', `${HEAD}${CHUNKED}\r\n5\r\n${HELLO}\r\n0\r\n\r\n`, 'download.malformed'],
    ['no end', `${HEAD}content-length: 20\r\ncontent-length: 20\r\n\r\n${HELLO}`, 'download.truncated'],
    ['no last chunk', `${HEAD}x : y\r\n${CHUNKED}\r\nb\r\n${HELLO}\r\n`, 'download.truncated'],
  ])('%s: is refused, lenient or not', async (_what, response, code) => {
    for (const lenient of ['when_needed', 'always'] as const) {
      const { origin } = await serving(response);
      const failure = get(startClient({ ...QUICK, lenient }), origin);
      await expect(failure).rejects.toMatchObject({ code, class: 'retryable' });
    }
  });

  const twoLengths = `${HEAD}content-length: 11\r\ncontent-length: 11\r\n\r\n${HELLO}`;

  it('is refused where leniency is switched off, and read where it is always on', async () => {
    const { origin, seen } = await serving(twoLengths);
    const strict = startClient({ ...QUICK, lenient: 'never' });
    await expect(get(strict, origin)).rejects.toMatchObject({ code: 'download.malformed' });
    expect(textOf(await get(startClient({ ...QUICK, lenient: 'always' }), origin))).toBe(HELLO);
    expect(seen.requests).toBe(2);
  });

  it('is no reason to send twice what may change something', async () => {
    const { origin, seen } = await serving(twoLengths);
    const client = startClient(QUICK);
    const post = { method: 'POST', body: Buffer.from('x') };
    await expect(get(client, origin, post)).rejects.toMatchObject({ code: 'download.malformed' });
    expect(seen.requests).toBe(1);
    await get(client, origin);
    expect(textOf(await get(client, origin, post))).toBe(HELLO);
    expect(seen.requests).toBe(4);
  });
});

describe('the lenient reader', () => {
  const lenient = (options: Partial<HttpClientOptions> = {}) =>
    startClient({ ...QUICK, lenient: 'always', ...options });

  it('reads the same in one piece as byte by byte, and waits for nothing behind the end', async () => {
    const response = `\r\n${HEAD}set-cookie: a=1\r\nSet-Cookie: b=2\r\n${CHUNKED}\r\n6\r\nhello \r\n5\r\nworld\r\n0\r\n`;
    const { origin } = await startRawServer((socket) => {
      let at = 0;
      const next = (): void => {
        if (at < response.length && !socket.destroyed) socket.write(response[at++]!, () => setImmediate(next));
      };
      next();
    });
    const answer = await get(lenient(), origin);
    expect([textOf(answer), answer.headers.filter(([name]) => name === 'set-cookie')]).toEqual([
      HELLO,
      [
        ['set-cookie', 'a=1'],
        ['set-cookie', 'b=2'],
      ],
    ]);
  });

  it.each([
    ['HEAD', `${HEAD}content-length: 11\r\n\r\n`, 200],
    ['GET', 'HTTP/1.1 204 No\r\ncontent-length: 11\r\n\r\n', 204],
    ['GET', 'HTTP/1.1 103 Early\r\nlink: x\r\n\r\nHTTP/1.1 404 No\r\ncontent-length: 0\r\n\r\n', 404],
    ['GET', 'HTTP/1.1 999\r\n\r\n', 999],
  ])('reads no body for %s %j', async (method, response, status) => {
    const { origin } = await startRawServer((socket) => {
      socket.write(response);
      if (status === 999) socket.end();
    });
    const answer = await get(lenient(), origin, { method });
    expect([answer.status, textOf(answer)]).toEqual([status, '']);
  });

  it('sends what the usual way sends', async () => {
    const requests: string[] = [];
    const server = createRawServer((socket) => {
      let received = '';
      socket.on('error', () => {});
      socket.on('data', (data) => {
        received += data.toString('latin1');
        if (!received.endsWith('payload')) return;
        requests.push(received);
        socket.end(`${HEAD}content-length: 2\r\n\r\nok`);
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/a?b=%20#c`;
    const request = { method: 'PUT', body: Buffer.from('payload'), headers: { 'x-name': 'caf\xe9', cookie: 'a=1' } };
    await get(startClient(QUICK), url, request);
    await get(lenient(), url, request);
    const [usual, own] = requests.map((each) =>
      each
        .split('\r\n')
        .filter((line) => !line.startsWith('connection'))
        .sort(),
    );
    expect(own).toEqual(usual);
  });

  it.each([
    ['before its headers', '', 'download.headers_timeout'],
    ['within its headers', 'HTTP/1.1 200 OK\r\nx', 'download.headers_timeout'],
    ['within its body', `${HEAD}content-length: 11\r\n\r\nhello`, 'download.body_timeout'],
  ])('waits no longer than usual for a server that stops %s', async (_where, response, code) => {
    const { origin } = await startRawServer((socket) => socket.write(response));
    const client = lenient({ headersTimeoutMs: 50, bodyTimeoutMs: 50 });
    await expect(get(client, origin)).rejects.toMatchObject({ code, class: 'retryable' });
  });

  it('keeps the limits of headers and body, and ends with its client', async () => {
    const { origin } = await startRawServer((socket) => {
      socket.write(`${HEAD}x: ${'y'.repeat(5_000)}\r\n\r\n${'z'.repeat(5_000)}`);
    });
    const code = (options: Partial<HttpClientOptions>) =>
      get(lenient(options), origin).then(
        () => 'read',
        (thrown: { code: string }) => thrown.code,
      );
    expect(await code({ maxHeaderBytes: 4_096 })).toBe('download.headers_too_large');
    expect(await code({ maxBodyBytes: 4_096 })).toBe('download.too_large');
    const client = createHttpClient({ ...QUICK, lenient: 'always' });
    const failure = expect(get(client, origin)).rejects.toMatchObject({ code: 'download.aborted' });
    await new Promise((resolve) => setImmediate(resolve));
    await client.close();
    await failure;
  });

  it('refuses private addresses as the usual way does, names that lead there too', async () => {
    const { origin, seen } = await serving(`${HEAD}content-length: 2\r\n\r\nok`);
    const client = lenient({ denyPrivateTargets: true });
    for (const url of [origin, origin.replace('127.0.0.1', 'localhost')]) {
      await expect(get(client, url)).rejects.toMatchObject({ code: 'download.private_target' });
    }
    expect(seen.requests).toBe(0);
  });
});

describe('a server over TLS', () => {
  const folder = mkdtempSync(join(tmpdir(), 'catena-ways-'));
  let files: { readonly cert: Buffer; readonly key: Buffer };
  let ca = '';
  beforeAll(() => {
    const { ca: path, issue } = makeAuthority(folder);
    const { cert, key } = issue('site');
    files = { cert: readFileSync(cert), key: readFileSync(key) };
    ca = readFileSync(path, 'utf8');
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** A server that speaks HTTP/2, and HTTP/1.1 only if asked to. */
  async function startHttp2(answer: (stream: ServerHttp2Stream, path: string) => void, allowHTTP1 = false) {
    const seen: string[] = [];
    const server: Http2SecureServer = createSecureServer({ ...files, allowHTTP1 }, (request, response) => {
      seen.push(request.httpVersion);
      if (request.httpVersion === '2.0') answer(request.stream, request.url);
      else response.end('old');
    });
    server.on('session', (session) => onTestFinished(() => session.destroy()));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    return { origin: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
  }

  const hello = (stream: ServerHttp2Stream): void => {
    stream.respond({ ':status': 200, 'content-type': 'text/plain' });
    stream.end(HELLO);
  };

  it('W6: that speaks HTTP/2 only is spoken to, a form sent once included', async () => {
    const { origin, seen } = await startHttp2(hello);
    const onUnusual = vi.fn();
    const client = createHttpClient({ ...QUICK, ca }, onUnusual);
    onTestFinished(() => client.close());
    const post = { method: 'POST', body: Buffer.from('x') };
    expect(textOf(await get(client, origin, post))).toBe(HELLO);
    const pages = Array.from({ length: 20 }, async (_, page) => textOf(await get(client, `${origin}/${page}`)));
    expect(new Set(await Promise.all(pages))).toEqual(new Set([HELLO]));
    expect([seen.length, new Set(seen)]).toEqual([21, new Set(['2.0'])]);
    expect(onUnusual.mock.calls).toEqual([[origin, 'http2', expect.objectContaining({ code: 'download.http2_only' })]]);
  });

  it('W6: that speaks HTTP/2 only is named truly where HTTP/2 is switched off', async () => {
    const { origin } = await startHttp2(hello);
    await expect(get(startClient({ ...QUICK, ca, http2: false }), origin)).rejects.toMatchObject({
      code: 'download.http2_only',
      class: 'fatal',
      remedy: expect.stringContaining('http.http2'),
    });
  });

  it('that speaks both is spoken to in HTTP/1.1', async () => {
    const { origin, seen } = await startHttp2(hello, true);
    expect(textOf(await get(startClient({ ...QUICK, ca }), origin))).toBe('old');
    expect(seen).toEqual(['1.1']);
  });

  it('W6: in HTTP/2 gets what it would get in HTTP/1.1, and is heard in the same way', async () => {
    const asked: object[] = [];
    const server = createSecureServer(files, (request, response) => {
      const { ':authority': authority, ':method': method, ':path': path, ...headers } = request.headers;
      const body: Buffer[] = [];
      request.on('data', (chunk: Buffer) => body.push(chunk));
      request.on('end', () => {
        asked.push({ authority, method, path, headers, body: Buffer.concat(body).toString() });
        response.writeHead(201, { 'set-cookie': ['a=1', 'b=2'], 'content-encoding': 'gzip' }).end(gzipSync(HELLO));
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const url = `https://localhost:${(server.address() as AddressInfo).port}/a?b=1`;
    const headers = { 'x-a': 'b', host: 'virtual.test', cookie: 'c=1' };
    const client = startClient({ ...QUICK, ca, lookup: toLoopback });
    const answer = await get(client, url, { method: 'PUT', body: Buffer.from('payload'), headers });
    expect([answer.status, textOf(answer), answer.headers.filter(([name]) => name === 'set-cookie')]).toEqual([
      201,
      HELLO,
      [
        ['set-cookie', 'a=1'],
        ['set-cookie', 'b=2'],
      ],
    ]);
    expect(asked).toEqual([
      expect.objectContaining({ authority: 'virtual.test', method: 'PUT', path: '/a?b=1', body: 'payload' }),
    ]);
    expect(asked[0]).toMatchObject({ headers: { 'x-a': 'b', cookie: 'c=1', 'user-agent': 'Catena' } });
  });

  it('in HTTP/2 is refused at a private address, and its streams end with the client', async () => {
    const { origin, seen } = await startHttp2(() => undefined);
    const client = createHttpClient({ ...QUICK, ca });
    const failure = expect(get(client, origin)).rejects.toMatchObject({ code: 'download.aborted' });
    await vi.waitFor(() => expect(seen).toEqual(['2.0']));
    await client.close();
    await failure;
    const guarded = startClient({ ...QUICK, ca, denyPrivateTargets: true, lookup: toLoopback });
    await expect(get(guarded, origin.replace('127.0.0.1', 'localhost'))).rejects.toMatchObject({
      code: 'download.private_target',
    });
  });

  it.each([
    ['resets a stream', (stream: ServerHttp2Stream) => stream.close(2), 'download.reset'],
    [
      'ends its session within a body',
      (stream: ServerHttp2Stream) => {
        stream.respond({ ':status': 200 });
        stream.write('hello', () => setImmediate(() => stream.session?.destroy()));
      },
      'download.truncated',
    ],
    ['ends its session', (stream: ServerHttp2Stream) => stream.session?.destroy(), 'download.reset'],
    ['says nothing', () => undefined, 'download.headers_timeout'],
    [
      'sends too much',
      (stream: ServerHttp2Stream) => {
        stream.respond({ ':status': 200 });
        stream.end('x'.repeat(200_000));
      },
      'download.too_large',
    ],
  ])('in HTTP/2 that %s fails as in HTTP/1.1', async (_what, answer, code) => {
    const { origin } = await startHttp2(answer);
    const client = startClient({ ...QUICK, ca, headersTimeoutMs: 300, maxBodyBytes: 100_000 });
    await expect(get(client, origin)).rejects.toMatchObject({ code });
  });

  it('is trusted by its authority only where that is named; then the lenient reader trusts it too', async () => {
    const server = createTlsServer(files, (socket) => {
      socket.on('error', () => {});
      socket.once('data', () => socket.end(`${HEAD}content-length: 11\r\ncontent-length: 11\r\n\r\n${HELLO}`));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    for (const host of ['127.0.0.1', 'localhost']) {
      expect(textOf(await get(startClient({ ...QUICK, ca }), `https://${host}:${port}`))).toBe(HELLO);
      for (const lenient of ['when_needed', 'always'] as const) {
        await expect(get(startClient({ ...QUICK, lenient }), `https://${host}:${port}`)).rejects.toMatchObject({
          code: 'download.tls',
          class: 'fatal',
          remedy: expect.stringContaining('http.tls_ca'),
        });
      }
    }
  });
});
