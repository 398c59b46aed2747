import { describe, expect, it } from 'vitest';
import { get, startClient, startRawServer, startServer, textOf } from './loopback.fixture.ts';

const body = new TextEncoder().encode('payload');

describe('redirects', () => {
  it.each([
    [301, 'POST', 'GET'],
    [302, 'POST', 'GET'],
    [303, 'POST', 'GET'],
    [303, 'PUT', 'GET'],
    [301, 'PUT', 'PUT'],
    [307, 'POST', 'POST'],
    [308, 'POST', 'POST'],
  ])('%i turns %s into %s, with or without its body', async (status, method, followed) => {
    const { origin, seen } = await startServer((request, response) => {
      if (request.url === '/from') response.writeHead(status, { location: '/to' }).end('moved');
      else response.end('there');
    });
    const headers = { 'content-type': 'text/plain', 'x-kept': 'yes' };
    const response = await get(startClient(), `${origin}/from`, { method, body, headers });
    expect(response).toMatchObject({ status: 200, url: `${origin}/to`, redirects: 1 });
    expect(textOf(response)).toBe('there');
    expect(seen[1]).toMatchObject({ method: followed, body: followed === 'GET' ? '' : 'payload' });
    expect(seen[1]?.headers['content-type']).toBe(followed === 'GET' ? undefined : 'text/plain');
    expect(seen[1]?.headers['x-kept']).toBe('yes');
  });

  it('stays HEAD after 303', async () => {
    const { origin, seen } = await startServer((request, response) => {
      response.writeHead(request.url === '/from' ? 303 : 200, { location: '/to' }).end();
    });
    await get(startClient(), `${origin}/from`, { method: 'HEAD' });
    expect(seen.map(({ method }) => method)).toEqual(['HEAD', 'HEAD']);
  });

  it.each([
    ['?b=2', '/d/e?b=2#part'],
    ['../up', '/up#part'],
    ['//127.0.0.1:PORT/other', '/other#part'],
    ['/x#own', '/x#own'],
    ['/caf\u00c3\u00a9', '/caf%C3%A9#part'],
  ])('resolves Location %j', async (location, expected) => {
    const { origin, port } = await startServer((request, response) => {
      if (request.url === '/d/e?a=1') response.writeHead(302, { location: location.replace('PORT', String(port)) });
      response.end();
    });
    expect((await get(startClient(), `${origin}/d/e?a=1#part`)).url).toBe(origin + expected);
  });

  it('is no redirect without a Location, or with a status that has none', async () => {
    const { origin } = await startServer((request, response) => {
      response
        .writeHead(request.url === '/a' ? 302 : 201, request.url === '/a' ? {} : { location: '/made' })
        .end('here');
    });
    const client = startClient();
    for (const [path, status] of [['/a', 302] as const, ['/b', 201] as const]) {
      const response = await get(client, origin + path);
      expect([response.status, textOf(response), response.redirects]).toEqual([status, 'here', 0]);
    }
  });

  it('drops authorization and cookies on the way to another origin, and does not take them up again', async () => {
    const home = await startServer((request, response) => {
      if (request.url === '/start') response.writeHead(302, { location: `${away.origin}/` });
      response.end();
    });
    const away = await startServer((_request, response) => {
      response.writeHead(302, { location: `${home.origin}/back` }).end();
    });
    const headers = {
      Authorization: 'Bearer secret',
      Cookie: 'secret=1',
      'Proxy-Authorization': 'x',
      'X-Api': 'kept',
      Host: 'virtual.test',
    };
    await get(startClient(), `${home.origin}/start`, { headers });
    expect(home.seen[0]?.headers).toMatchObject({
      authorization: 'Bearer secret',
      cookie: 'secret=1',
      host: 'virtual.test',
    });
    for (const request of [away.seen[0], home.seen[1]]) {
      expect(request?.headers['x-api']).toBe('kept');
      expect(request?.headers.authorization).toBeUndefined();
      expect(request?.headers['proxy-authorization']).toBeUndefined();
      expect(request?.headers.cookie).toBeUndefined();
      expect(request?.headers.host).toContain('127.0.0.1:');
    }
  });

  it('takes no credentials from a Location', async () => {
    const { origin, port, seen } = await startServer((request, response) => {
      if (request.url === '/from') response.writeHead(302, { location: `http://eve:pw@127.0.0.1:${port}/to` });
      response.end();
    });
    expect((await get(startClient(), `${origin}/from`)).url).toBe(`${origin}/to`);
    expect(seen[1]?.headers.authorization).toBeUndefined();
  });

  it('finds a loop before the limit', async () => {
    const { origin, seen } = await startServer((request, response) => {
      response.writeHead(302, { location: request.url === '/a' ? '/b' : '/a' }).end();
    });
    await expect(get(startClient({ maxRedirects: 50 }), `${origin}/a`)).rejects.toMatchObject({
      code: 'download.too_many_redirects',
      class: 'fatal',
      data: { url: `${origin}/a`, loop: true, maxRedirects: 50 },
    });
    expect(seen).toHaveLength(2);
  });

  it('follows as many redirects as allowed, and not one more', async () => {
    const { origin, seen } = await startServer((request, response) => {
      const left = Number(request.url?.slice(1));
      if (left > 0) response.writeHead(307, { location: `/${left - 1}` });
      response.end();
    });
    const client = startClient({ maxRedirects: 3 });
    expect((await get(client, `${origin}/3`)).redirects).toBe(3);
    seen.length = 0;
    await expect(get(client, `${origin}/9`)).rejects.toMatchObject({
      code: 'download.too_many_redirects',
      data: { maxRedirects: 3, loop: false },
    });
    expect(seen).toHaveLength(4);
    await expect(get(startClient({ maxRedirects: 0 }), `${origin}/1`)).rejects.toMatchObject({
      code: 'download.too_many_redirects',
    });
  });

  it.each([
    ['http://[bad', 'download.invalid_url'],
    ['ftp://127.0.0.1/x', 'download.unsupported_protocol'],
    ['file:///etc/passwd', 'download.unsupported_protocol'],
    ['javascript:alert(1)', 'download.unsupported_protocol'],
  ])('refuses Location %s', async (location, code) => {
    const { origin } = await startServer((_request, response) => response.writeHead(302, { location }).end());
    await expect(get(startClient(), origin)).rejects.toMatchObject({ code, class: 'fatal' });
  });

  it('follows a redirect whose own body is endless, broken or larger than allowed', async () => {
    const target = await startServer((_request, response) => response.end('there'));
    const head = `HTTP/1.1 302 Found\r\nlocation: ${target.origin}/\r\n`;
    const endless = await startRawServer((socket) => {
      socket.write(`${head}transfer-encoding: chunked\r\n\r\n`);
      const chunk = `4000\r\n${'x'.repeat(0x4000)}\r\n`;
      const pour = (): void => {
        while (!socket.destroyed && socket.write(chunk));
      };
      socket.on('drain', pour);
      pour();
    });
    const broken = await startRawServer((socket) => socket.end(`${head}content-length: 50\r\n\r\ncut`));
    const large = await startRawServer((socket) =>
      socket.write(`${head}content-length: 500\r\n\r\n${'x'.repeat(500)}`),
    );
    const client = startClient({ maxBodyBytes: 100 });
    for (const { origin } of [endless, broken, large]) expect(textOf(await get(client, origin))).toBe('there');
  });
});
