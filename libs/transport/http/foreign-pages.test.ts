/** Requests that only a browser on a foreign page sends, byte for byte, to a server without tokens. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { Metrics } from '../../telemetry/metrics.ts';
import { startMetricsServer } from '../../telemetry/metrics-server.ts';
import { serve } from './http-app.fixture.ts';

/** Sends bytes and resolves with the status and the body of the answer. */
async function send(port: number, lines: readonly string[], body = ''): Promise<[status: number, body: string]> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  const length = body === '' ? [] : [`Content-Length: ${Buffer.byteLength(body)}`];
  socket.write(`${[...lines, 'Connection: close', ...length].join('\r\n')}\r\n\r\n${body}`);
  const answer = await text(socket);
  return [Number(/^HTTP\/1\.[01] (\d{3})/.exec(answer)?.[1]), answer.slice(answer.indexOf('\r\n\r\n') + 4)];
}

const WRITE = 'POST /write/abc HTTP/1.1';
const JSON_BODY = '{"name":"x"}';
const TYPED = 'Content-Type: application/json';

describe('a server without tokens', () => {
  it('answers programs and its own pages', async () => {
    const { port } = await serve();
    expect(await send(port, [WRITE, `Host: 127.0.0.1:${port}`, TYPED], JSON_BODY)).toEqual([200, '{"said":"abc x 0"}']);
    const own = [WRITE, `Host: localhost:${port}`, `Origin: http://localhost:${port}`, 'Sec-Fetch-Site: same-origin'];
    expect((await send(port, [...own, TYPED], JSON_BODY))[0]).toBe(200);
    expect((await send(port, [`GET http://127.0.0.1:${port}/open HTTP/1.1`, `Host: 127.0.0.1:${port}`]))[0]).toBe(200);
  });

  it.each([
    ['by a name that resolves to it', [WRITE, 'Host: evil.example:8080', TYPED], 'api.foreign_host'],
    ['by a name that only begins right', [WRITE, 'Host: localhost.evil.example', TYPED], 'api.foreign_host'],
    ['without a host', ['POST /write/abc HTTP/1.0', TYPED], 'api.foreign_host'],
    ['with two hosts', [WRITE, 'Host: 127.0.0.1', 'Host: evil.example', TYPED], 'api.foreign_host'],
    [
      'with a foreign target',
      ['POST http://evil.example/write/abc HTTP/1.1', 'Host: 127.0.0.1', TYPED],
      'api.foreign_host',
    ],
    ['from a foreign page', [WRITE, 'Host: 127.0.0.1', 'Origin: https://evil.example', TYPED], 'api.foreign_origin'],
    ['from a sandboxed page', [WRITE, 'Host: 127.0.0.1', 'Origin: null', TYPED], 'api.foreign_origin'],
    [
      'by a simple request',
      [WRITE, 'Host: 127.0.0.1', 'Origin: https://evil.example', 'Content-Type: text/plain'],
      'api.foreign_origin',
    ],
    [
      'by a form',
      [
        WRITE,
        'Host: 127.0.0.1',
        'Sec-Fetch-Site: cross-site',
        'Sec-Fetch-Mode: navigate',
        'Sec-Fetch-Dest: document',
        TYPED,
      ],
      'api.foreign_origin',
    ],
  ])('refuses a call %s', async (_how, lines, code) => {
    const { port } = await serve();
    const [status, body] = await send(port, lines, JSON_BODY);
    expect([status, (JSON.parse(body) as { error?: string }).error]).toEqual([403, code]);
  });

  it.each(['/open', '/read', '/openapi.json', '/fails/unplanned', '/no/such/route', '/limited'])(
    'refuses it at %s too',
    async (path) => {
      const { port } = await serve();
      expect((await send(port, [`GET ${path} HTTP/1.1`, 'Host: evil.example']))[0]).toBe(403);
      expect((await send(port, [`HEAD ${path} HTTP/1.1`, 'Host: evil.example']))[0]).toBe(403);
    },
  );

  it('refuses the preflight request of a foreign page, and answers that of an allowed one', async () => {
    const { port } = await serve({ allowedOrigins: ['https://shop.example'] });
    const preflight = (origin: string, host = '127.0.0.1') =>
      send(port, [
        'OPTIONS /write/abc HTTP/1.1',
        `Host: ${host}`,
        `Origin: ${origin}`,
        'Access-Control-Request-Method: POST',
      ]);
    expect((await preflight('https://evil.example'))[0]).toBe(403);
    expect((await preflight('https://shop.example'))[0]).toBe(204);
    expect((await preflight('https://shop.example', 'evil.example'))[0]).toBe(403);
    const call = [WRITE, 'Host: 127.0.0.1', 'Origin: https://shop.example', 'Sec-Fetch-Site: cross-site', TYPED];
    expect((await send(port, call, JSON_BODY))[0]).toBe(200);
  });

  it('is called by the hosts that are allowed', async () => {
    const { port } = await serve({ allowedHosts: ['catena.internal'] });
    expect((await send(port, [WRITE, 'Host: catena.internal:9', TYPED], JSON_BODY))[0]).toBe(200);
    expect((await send(port, [WRITE, 'Host: x.catena.internal', TYPED], JSON_BODY))[0]).toBe(403);
  });
});

describe('a server with tokens', () => {
  it('is called by any name: a foreign page has no token', async () => {
    const token = 'a-token-of-enough-length';
    const { port } = await serve({ tokens: [{ role: 'operator', token }] });
    expect(
      (await send(port, [WRITE, 'Host: api.example', `Authorization: Bearer ${token}`, TYPED], JSON_BODY))[0],
    ).toBe(200);
    expect((await send(port, [WRITE, 'Host: evil.example', TYPED], JSON_BODY))[0]).toBe(401);
  });
});

describe('metrics', () => {
  it.each(['/metrics', '/healthz', '/'])('on loopback are not for foreign pages: %s', async (path) => {
    const server = await startMetricsServer({
      ...{ listen: 'http://127.0.0.1:0', metrics: new Metrics(), allowedHosts: ['node.internal'] },
    });
    try {
      const port = Number(new URL(server.url).port);
      const get = (host: string, ...more: string[]) => send(port, [`GET ${path} HTTP/1.1`, `Host: ${host}`, ...more]);
      expect((await get('evil.example'))[0]).toBe(403);
      expect((await get('127.0.0.1', 'Origin: https://evil.example'))[0]).toBe(403);
      expect((await get('127.0.0.1', 'Sec-Fetch-Site: cross-site'))[0]).toBe(403);
      expect((await get(`localhost:${port}`))[0]).not.toBe(403);
      expect((await get('node.internal:9464'))[0]).not.toBe(403);
    } finally {
      await server.close();
    }
  });
});
