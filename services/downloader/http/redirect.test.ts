import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import type { Lookup } from './http-options.ts';
import { get, startClient, startRawServer, startServer, textOf } from './loopback.fixture.ts';

const body = new TextEncoder().encode('payload');

const redirect = (response: ServerResponse, status: number, location: string) =>
  void response.writeHead(status, { location }).end();

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
    ['/caf\u00e9', '/caf%E9#part'],
    ['/\u00ff\u0080?q=\u00e9\u00c3\u00a9', '/%FF%80?q=%E9%C3%A9#part'],
    ['/x#\u00e9', '/x#%E9'],
    ['/a b\u00a0', '/a%20b%A0#part'],
  ])('resolves Location %j', async (location, expected) => {
    const { origin, port } = await startServer((request, response) => {
      if (request.url === '/d/e?a=1') response.writeHead(302, { location: location.replace('PORT', String(port)) });
      response.end();
    });
    expect((await get(startClient(), `${origin}/d/e?a=1#part`)).url).toBe(origin + expected);
  });

  it.each([
    [302, {}],
    [302, { location: '' }],
    [201, { location: '/made' }],
    [300, { location: '/choice' }],
    [304, { location: '/cached' }],
  ])('is none with status %i and the headers %j', async (status, headers) => {
    const { origin } = await startServer((_request, response) => response.writeHead(status, headers).end('here'));
    const response = await get(startClient(), origin);
    expect([response.status, textOf(response), response.redirects]).toEqual([status, status === 304 ? '' : 'here', 0]);
  });

  it('goes to a host whose name is written in raw UTF-8', async () => {
    const { origin, port } = await startServer((request, response) => {
      if (request.url === '/from') redirect(response, 302, `http://caf\u00c3\u00a9.test:${port}/to`);
      else response.end('there');
    });
    const lookup: Lookup = (_host, options, callback) =>
      options.all === true ? callback(null, [{ address: '127.0.0.1', family: 4 }]) : callback(null, '127.0.0.1', 4);
    expect((await get(startClient({ lookup }), `${origin}/from`)).url).toBe(`http://xn--caf-dma.test:${port}/to`);
  });

  it('W10: takes only harmless headers to another origin, and does not take up the others again', async () => {
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
      'Proxy-Authorization': 'secret',
      'X-Api-Key': 'secret',
      'api-key': 'secret',
      'X-CSRF-Token': 'secret',
      Origin: 'http://secret.test',
      'If-None-Match': '"secret"',
      Range: 'bytes=0-9',
      Referer: 'http://user:secret@shop.test/account?token=secret#secret',
      Host: 'secret.test',
      Accept: 'text/html',
      'Accept-Language': 'fr',
      'User-Agent': 'Acme/1',
    };
    await get(startClient(), `${home.origin}/start`, { headers });
    expect(home.seen[0]?.headers).toMatchObject({ 'x-api-key': 'secret', host: 'secret.test', range: 'bytes=0-9' });
    for (const request of [away.seen[0], home.seen[1]]) {
      const { host, connection, ...sent } = request!.headers;
      expect(sent).toEqual({
        accept: 'text/html',
        'accept-encoding': expect.any(String),
        'accept-language': 'fr',
        'user-agent': 'Acme/1',
        referer: 'http://shop.test/',
      });
      expect(host).toContain('127.0.0.1:');
    }
  });

  it.each([
    ['https://shop.test/a?b', undefined],
    ['nonsense', undefined],
    ['http://shop.test:8080/a', 'http://shop.test:8080/'],
  ])('says of the referer %s to another origin over http: %s', async (referer, said) => {
    const away = await startServer((_request, response) => response.end());
    const home = await startServer((_request, response) => redirect(response, 302, away.origin));
    await get(startClient(), home.origin, { headers: { referer } });
    expect(away.seen[0]?.headers.referer).toBe(said);
  });

  it('takes all headers along within an origin', async () => {
    const { origin, seen } = await startServer((request, response) => {
      if (request.url === '/from') response.writeHead(302, { location: '/to' });
      response.end();
    });
    const headers = { authorization: 'a', 'x-api-key': 'b', referer: 'http://shop.test/?q=1' };
    await get(startClient(), `${origin}/from`, { headers });
    expect(seen[1]?.headers).toMatchObject(headers);
  });

  it.each([307, 308])('sends a body again to another origin after %i only when asked', async (status) => {
    const away = await startServer((_request, response) => response.end('there'));
    const home = await startServer((_request, response) => redirect(response, status, `${away.origin}/to`));
    const headers = { 'content-type': 'text/plain', 'idempotency-key': 'k', 'x-api-key': 'secret' };
    const request = { method: 'PUT', body, headers };
    await expect(get(startClient(), `${home.origin}/from`, request)).rejects.toMatchObject({
      code: 'download.body_not_resent',
      class: 'fatal',
      data: { url: `${home.origin}/from`, location: `${away.origin}/to`, status },
    });
    expect(away.seen).toEqual([]);
    expect(textOf(await get(startClient(), `${home.origin}/from`, { ...request, resendsBody: true }))).toBe('there');
    const [sent] = away.seen;
    expect(sent).toMatchObject({ method: 'PUT', body: 'payload', headers: { 'content-type': 'text/plain' } });
    expect(sent!.headers).toMatchObject({ 'idempotency-key': 'k' });
    expect(sent!.headers['x-api-key']).toBeUndefined();
  });

  it('needs no leave to turn a form into a GET of another origin, without what described the form', async () => {
    const away = await startServer((_request, response) => response.end('there'));
    const home = await startServer((_request, response) => redirect(response, 302, away.origin));
    const headers = { 'content-type': 'text/plain', 'idempotency-key': 'k' };
    await get(startClient(), home.origin, { method: 'POST', body, headers });
    expect(away.seen[0]).toMatchObject({ method: 'GET', body: '' });
    expect(away.seen[0]!.headers['content-type']).toBeUndefined();
    expect(away.seen[0]!.headers['idempotency-key']).toBeUndefined();
  });

  it('takes no credentials from a Location', async () => {
    const { origin, port, seen } = await startServer((request, response) => {
      if (request.url === '/from') response.writeHead(302, { location: `http://eve:pw@127.0.0.1:${port}/to` });
      response.end();
    });
    expect((await get(startClient(), `${origin}/from`)).url).toBe(`${origin}/to`);
    expect(seen[1]?.headers.authorization).toBeUndefined();
  });

  it.each([
    ['itself', ['/a']],
    ['a page that leads back', ['/b', '/a']],
    ['itself, four times', ['/a', '/a', '/a', '/a']],
  ])('W8: follows a page to %s, as browsers do', async (_to, locations) => {
    const left = [...locations];
    const { origin } = await startServer((_request, response) => {
      const location = left.shift();
      if (location === undefined) response.end('there');
      else response.writeHead(302, { location, 'set-cookie': 'seen=1' }).end();
    });
    const response = await get(startClient(), `${origin}/a`);
    expect([textOf(response), response.redirects]).toEqual(['there', locations.length]);
  });

  it('ends a loop at the limit, and says that it is one', async () => {
    const { origin, seen } = await startServer((request, response) => {
      response.writeHead(302, { location: request.url === '/a' ? '/b' : '/a' }).end();
    });
    await expect(get(startClient({ maxRedirects: 4 }), `${origin}/a`)).rejects.toMatchObject({
      code: 'download.too_many_redirects',
      class: 'fatal',
      message: expect.stringContaining('more than 4 times, and to a page that it came from'),
      data: { loop: true, maxRedirects: 4 },
    });
    expect(seen).toHaveLength(5);
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
