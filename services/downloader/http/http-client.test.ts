import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { closedPort, get, startClient, startServer, textOf } from './loopback.fixture.ts';

describe('the HTTP client', () => {
  it('answers status, final URL, headers, body and timings', async () => {
    const { origin } = await startServer((_request, response) => {
      response.writeHead(404, { 'Content-Type': 'text/plain', 'Set-Cookie': ['a=1', 'b=2'] }).end('not here');
    });
    const response = await get(startClient(), `${origin}/x?q=1`);
    expect(response).toMatchObject({ status: 404, url: `${origin}/x?q=1`, redirects: 0 });
    expect(textOf(response)).toBe('not here');
    expect(response.headers).toContainEqual(['content-type', 'text/plain']);
    expect(response.headers.filter(([name]) => name === 'set-cookie')).toEqual([
      ['set-cookie', 'a=1'],
      ['set-cookie', 'b=2'],
    ]);
    const { queuedMs, firstByteMs, totalMs } = response.timings;
    expect(Math.min(queuedMs, firstByteMs)).toBeGreaterThanOrEqual(0);
    expect(totalMs).toBeGreaterThanOrEqual(queuedMs + firstByteMs);
  });

  it('names itself and the encodings it can read, unless the request does', async () => {
    const { origin, seen } = await startServer((_request, response) => response.end());
    const client = startClient({ userAgent: 'Catena/test' });
    await get(client, origin);
    await get(client, origin, { headers: { 'User-Agent': 'own', ACCEPT: 'text/html', 'X-Key': 'k' } });
    expect(seen[0]?.headers).toMatchObject({
      'user-agent': 'Catena/test',
      accept: '*/*',
      'accept-encoding': 'gzip, deflate, br, zstd',
    });
    expect(seen[1]?.headers).toMatchObject({ 'user-agent': 'own', accept: 'text/html', 'x-key': 'k' });
  });

  it('sends a body, and sets its length itself', async () => {
    const { origin, seen } = await startServer((_request, response) => response.end());
    const body = new TextEncoder().encode('{"a":1}');
    const headers = { 'content-type': 'application/json', 'Content-Length': '3', Connection: 'upgrade', Expect: 'x' };
    await get(startClient(), origin, { method: 'post', body, headers });
    expect(seen).toMatchObject([{ method: 'POST', body: '{"a":1}', headers: { 'content-length': '7' } }]);
  });

  it('turns credentials in the URL into an authorization, and shows them nowhere', async () => {
    const { origin, port, seen } = await startServer((_request, response) => response.end());
    const response = await get(startClient(), `http://ann:p%40ss@127.0.0.1:${port}/`);
    expect(seen[0]?.headers.authorization).toBe(`Basic ${Buffer.from('ann:p@ss').toString('base64')}`);
    expect(response.url).toBe(`${origin}/`);
  });

  it.each([
    ['HEAD', 200],
    ['GET', 204],
    ['GET', 304],
  ])('reads no body from %s with status %i', async (method, status) => {
    const { origin } = await startServer((_request, response) => {
      response
        .writeHead(status, method === 'HEAD' ? { 'content-length': '999', 'content-encoding': 'gzip' } : {})
        .end();
    });
    const response = await get(startClient({ maxBodyBytes: 100 }), origin, { method });
    expect([response.status, response.body.length]).toEqual([status, 0]);
  });

  it('passes over informational responses', async () => {
    const { origin } = await startServer((_request, response) => {
      response.writeEarlyHints({ link: '</style.css>; rel=preload' });
      response.end('final');
    });
    const response = await get(startClient(), origin);
    expect([response.status, textOf(response)]).toEqual([200, 'final']);
  });

  it('keeps to the number of connections per host, and uses them again', async () => {
    const ports = new Set<number | undefined>();
    let underWay = 0;
    let most = 0;
    const { origin } = await startServer((request, response) => {
      ports.add(request.socket.remotePort);
      underWay += 1;
      most = Math.max(most, underWay);
      setTimeout(() => {
        underWay -= 1;
        response.end();
      }, 2);
    });
    const client = startClient({ maxConnectionsPerHost: 2 });
    await Promise.all(Array.from({ length: 12 }, () => get(client, origin)));
    expect(most).toBe(2);
    expect(ports.size).toBe(2);
  });

  it.each([
    ['not a url', 'download.invalid_url'],
    ['/relative', 'download.invalid_url'],
    ['http://', 'download.invalid_url'],
    ['ftp://localhost/x', 'download.unsupported_protocol'],
    ['file:///etc/passwd', 'download.unsupported_protocol'],
    ['data:text/plain,x', 'download.unsupported_protocol'],
  ])('refuses %s', async (url, code) => {
    await expect(get(startClient(), url)).rejects.toMatchObject({ code, class: 'fatal' });
  });

  it.each([
    { method: 'BAD METHOD' },
    { method: 'CONNECT' },
    { headers: { 'x-injected': 'a\r\nHost: evil' } },
    { headers: { 'bad name': 'x' } },
  ])('refuses a request that cannot be sent: %j', async (request) => {
    const { origin, seen } = await startServer((_request, response) => response.end());
    await expect(get(startClient(), origin, request)).rejects.toMatchObject({
      code: 'download.invalid_request',
      class: 'fatal',
    });
    expect(seen).toEqual([]);
  });

  it('gives up at once when the signal is aborted, before and during a request', async () => {
    const { origin, seen } = await startServer((_request, response) => void response.write('some'));
    const client = startClient();
    const controller = new AbortController();
    const underWay = get(client, origin, {}, controller.signal);
    await expect.poll(() => seen.length).toBe(1);
    controller.abort(new Error('lease lost'));
    await expect(underWay).rejects.toMatchObject({ code: 'download.aborted', class: 'retryable' });
    await expect(get(client, origin, {}, controller.signal)).rejects.toMatchObject({ code: 'download.aborted' });
    expect(seen).toHaveLength(1);
  });

  it('gives up a request that still waits for a connection, and sends it never', async () => {
    const { origin, seen } = await startServer((request, response) => {
      if (request.url === '/first') setTimeout(() => response.end(), 50);
      else response.end();
    });
    const client = startClient({ maxConnectionsPerHost: 1 });
    const controller = new AbortController();
    const first = get(client, `${origin}/first`);
    const second = get(client, `${origin}/second`, {}, controller.signal);
    controller.abort();
    await expect(second).rejects.toMatchObject({ code: 'download.aborted' });
    await first;
    await get(client, `${origin}/third`);
    expect(seen.map(({ url }) => url)).toEqual(['/first', '/third']);
  });

  it('leaves nothing on the signal of a request that has ended, well or badly', async () => {
    const { origin } = await startServer((_request, response) => response.end());
    const { signal } = new AbortController();
    const client = startClient({ maxRedirects: 0 });
    await get(client, origin, {}, signal);
    await expect(get(client, `http://127.0.0.1:${await closedPort()}`, {}, signal)).rejects.toThrow();
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('ends what is under way when it is closed, and refuses what comes later', async () => {
    const { origin, seen } = await startServer(() => {});
    const client = startClient();
    const underWay = get(client, origin);
    const failed = expect(underWay).rejects.toMatchObject({ code: 'download.aborted' });
    await expect.poll(() => seen.length).toBe(1);
    await client.close();
    await failed;
    await expect(get(client, origin)).rejects.toMatchObject({ code: 'download.aborted' });
    await client.close();
  });
});
