import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished } from 'vitest';
import { currentCaller } from '../../callers/current-caller.ts';
import { type Log, silentLog } from '../../telemetry/log.ts';
import { parseTokens } from '../grpc/tokens.ts';
import { ask, json, LIMIT_BYTES, serve } from './http-app.fixture.ts';
import type { HttpApp } from './zod-routes.ts';

const TOKENS = parseTokens('reader:r-000000000000000, submitter:s-000000000000000, service:i-000000000000000');
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

/** A log whose lines the test sees. */
function listening(): { readonly lines: Record<string, unknown>[]; readonly log: Log } {
  const lines: Record<string, unknown>[] = [];
  const line = (level: string) => (message: string, fields?: object) => void lines.push({ level, message, ...fields });
  return { lines, log: { ...silentLog, debug: line('debug'), warn: line('warn'), error: line('error') } };
}

it('the routes know their caller, by role and address', async () => {
  const callers: (string | undefined)[] = [];
  const routes = (app: HttpApp) => {
    app.get('/who', { config: { role: 'reader' } }, async () => {
      await Promise.resolve();
      callers.push(currentCaller());
      return {};
    });
  };
  const { url } = await serve({ routes: [routes], tokens: TOKENS });
  await ask(`${url}/who`, { headers: bearer('r-000000000000000') });
  const open = await serve({ routes: [routes] });
  await ask(`${open.url}/who`);
  expect(callers).toEqual(['reader at 127.0.0.1', 'anybody at 127.0.0.1']);
});

describe('a request', () => {
  it('is checked, and gives its handler what the schemas make of it', async () => {
    const { url } = await serve();
    const answer = await ask(`${url}/write/abc?times=2`, json({ name: 'ha', tags: [{ n: 1 }], more: 'left alone' }));
    expect([answer.status, answer.body]).toEqual([200, { said: 'abc haha 1' }]);
  });

  it.each([
    [
      'wrong types',
      '/write/abc',
      { name: 1, tags: [{ n: 'x' }] },
      ['name should be of type string, but is number; ', 'tags[0].n should'],
    ],
    ['a missing body', '/write/abc', undefined, ['name should be of type string, but is undefined']],
    ['a list for a body', '/write/abc', [], ['the body should be of type object, but is array']],
    ['a wrong query', '/write/abc?times=often', { name: 'x' }, ['times should be of type number, but is NaN']],
    ['a wrong path', '/write/a', { name: 'x' }, ['id is wrong: Too small']],
  ])('with %s is told every wrong place', async (_what, path, body, says) => {
    const { url } = await serve();
    const { status, body: refused } = await ask(url + path, body === undefined ? { method: 'POST' } : json(body));
    expect(status).toBe(400);
    expect(refused).toEqual({ error: 'api.invalid_argument', message: expect.any(String), status: 'error' });
    for (const text of says) expect(refused.message).toContain(text);
  });

  it.each([
    ['no JSON', { body: '{"name":', type: 'application/json' }, 400, 'api.invalid_request'],
    ['a poisoned prototype', { body: '{"__proto__":{}}', type: 'application/json' }, 400, 'api.invalid_request'],
    ['another type', { body: '<name/>', type: 'text/xml' }, 415, 'api.unsupported_media_type'],
    [
      'a large body',
      { body: `{"name":"${'x'.repeat(LIMIT_BYTES)}"}`, type: 'application/json' },
      413,
      'api.body_too_large',
    ],
  ])('with %s is refused', async (_what, { body, type }, status, error) => {
    const { url } = await serve();
    const answer = await ask(`${url}/write/abc`, { method: 'POST', headers: { 'content-type': type }, body });
    expect([answer.status, answer.body.error, answer.body.status]).toEqual([status, error, 'error']);
  });

  it('that nothing answers is told where to look, without its query', async () => {
    const { url } = await serve();
    const { status, body } = await ask(`${url}/nowhere?token=hunter2`);
    expect([status, body.error, body.status]).toEqual([404, 'api.not_found', 'error']);
    expect(body.message).toContain('/openapi.json');
    expect(body.message).not.toContain('hunter2');
  });

  it('may be written with slashes at its end, and doubled ones', async () => {
    const { url } = await serve();
    for (const path of ['/open', '/open/', '//open']) expect((await ask(url + path)).status, path).toBe(200);
  });

  it.each([
    ['no HTTP', 'hello\r\n\r\n', '400'],
    ['endless headers', `GET /open HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(40_000)}\r\n\r\n`, '431'],
    ['an address that is none', 'GET /%zz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n', '40'],
  ])('that is %s is refused in the same words', async (_what, bytes, status) => {
    const { port } = await serve();
    const socket = connect(port, '127.0.0.1');
    socket.write(bytes);
    const answer = await text(socket);
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status}`));
    const body = JSON.parse(answer.slice(answer.indexOf('\r\n\r\n'))) as unknown;
    expect(body).toEqual({ error: expect.stringMatching(/^api\./), message: expect.any(String), status: 'error' });
  });

  it('has an id, the caller’s own where it is fit to be logged', async () => {
    const { url } = await serve();
    const own = await ask(`${url}/open`, { headers: { 'x-request-id': 'mine-1' } });
    const odd = await ask(`${url}/open`, { headers: { 'x-request-id': 'a b"' } });
    expect(own.headers.get('x-request-id')).toBe('mine-1');
    expect(odd.headers.get('x-request-id')).toMatch(/^[\da-f-]{36}$/);
  });
});

describe('a failure', () => {
  it('that is known tells its code, what happened and what to do', async () => {
    const { url } = await serve();
    const { status, body } = await ask(`${url}/fails/known`);
    expect(status).toBe(404);
    expect(body).toEqual({
      error: 'api.unknown_run',
      message: 'there is no run r1; ListRuns lists them',
      status: 'error',
    });
  });

  it('that passes says when to ask again', async () => {
    const { url } = await serve();
    const { status, headers } = await ask(`${url}/fails/later`);
    expect([status, headers.get('retry-after')]).toEqual([503, '2']);
  });

  it.each(['unplanned', 'nothing'])(
    'that nobody planned for (%s) tells an id alone; the log has the reason',
    async (how) => {
      const { lines, log } = listening();
      const { url } = await serve({ log });
      const { status, body, headers } = await ask(`${url}/fails/${how}`);
      const id = headers.get('x-request-id');
      expect([status, body.error]).toEqual([500, 'api.internal']);
      expect(body.message).toContain(id);
      expect(JSON.stringify(body)).not.toContain('hunter2');
      const failed = lines.find(({ message }) => message === 'http request failed with an unexpected error');
      expect(failed).toMatchObject({ level: 'error', correlation_id: id });
    },
  );
});

describe('a token', () => {
  it.each([
    ['none', {}, 401],
    ['an unknown one', bearer('x-000000000000000'), 401],
    ['another scheme', { authorization: 'Basic r-000000000000000' }, 401],
    ['a reader’s', bearer('r-000000000000000'), 403],
    ['a service’s', bearer('i-000000000000000'), 403],
    ['a submitter’s', bearer('s-000000000000000'), 200],
  ])('to write with %s', async (_what, headers: Record<string, string>, status) => {
    const { url } = await serve({ tokens: TOKENS });
    const answer = await ask(`${url}/write/abc`, json({ name: 'x' }, headers));
    expect(answer.status).toBe(status);
    if (status === 401) expect(answer.headers.get('www-authenticate')).toBe('Bearer');
    if (status !== 200) expect(JSON.stringify(answer.body)).not.toContain('000000000000000');
  });

  it('is not asked for where everybody may ask, and tells readers what they may read', async () => {
    const { url } = await serve({ tokens: TOKENS });
    expect((await ask(`${url}/open`)).status).toBe(200);
    expect((await ask(`${url}/nowhere`)).status).toBe(404);
    expect((await ask(`${url}/read`, { headers: bearer('r-000000000000000') })).status).toBe(200);
  });

  it('is needed beyond loopback', async () => {
    await expect(serve({ listen: '0.0.0.0:0' })).rejects.toMatchObject({ code: 'http.unprotected' });
  });

  it('a route that does not say who may ask it keeps the server from starting', async () => {
    const routes = [(app: HttpApp) => void app.get('/x', async () => 1)];
    await expect(serve({ routes })).rejects.toMatchObject({ code: 'http.route_without_role' });
  });
});

describe('a limit of a route', () => {
  it('refuses what is too much, says when to come again, and leaves other routes alone', async () => {
    const { url } = await serve();
    const answers = [];
    for (let times = 0; times < 3; times++) answers.push(await ask(`${url}/limited`));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 429]);
    const refused = answers[2]!;
    expect(refused.body).toMatchObject({ error: 'api.too_many_requests', status: 'error' });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await ask(`${url}/open`)).status).toBe(200);
  });

  it('is each client’s own: behind a trusted proxy by whom that names, else not', async () => {
    const forwarded = (ip: string) => ({ headers: { 'x-forwarded-for': ip } });
    const trusting = await serve({ trustedProxies: ['loopback'] });
    for (const ip of ['198.51.100.1', '198.51.100.1', '198.51.100.2', '2001:db8::1']) {
      expect((await ask(`${trusting.url}/limited`, forwarded(ip))).body).toEqual({ ip });
    }
    expect((await ask(`${trusting.url}/limited`, forwarded('198.51.100.1'))).status).toBe(429);
    const wary = await serve();
    expect((await ask(`${wary.url}/limited`, forwarded('198.51.100.1'))).body).toEqual({ ip: '127.0.0.1' });
  });
});

describe('pages of other origins', () => {
  const from = (origin: string, more = {}) => ({ headers: { origin, ...more } });
  const preflight = { method: 'OPTIONS', ...from('https://shop.test', { 'access-control-request-method': 'POST' }) };

  it('are told nothing by default', async () => {
    const { url } = await serve();
    expect((await ask(`${url}/open`, from('https://shop.test'))).headers.get('access-control-allow-origin')).toBeNull();
    expect((await ask(`${url}/write/abc`, preflight)).status).toBe(403);
  });

  it('that are allowed are told so, also when a token is needed; others are not', async () => {
    const { url } = await serve({ allowedOrigins: ['https://shop.test'], tokens: TOKENS });
    const allowed = await ask(`${url}/open`, from('https://shop.test'));
    expect(allowed.headers.get('access-control-allow-origin')).toBe('https://shop.test');
    expect(allowed.headers.get('vary')).toBe('Origin');
    const asked = await ask(`${url}/write/abc`, preflight);
    expect([asked.status, asked.headers.get('access-control-allow-methods')]).toEqual([204, 'GET, HEAD, POST']);
    const other = await ask(`${url}/open`, from('https://shop.test.evil.test'));
    expect(other.headers.get('access-control-allow-origin')).toBeNull();
  });
});

describe('a server that stops', () => {
  it('answers at once who waits, refuses who comes, and is gone', async () => {
    const server = await serve();
    const waiting = ask(`${server.url}/waits`);
    await ask(`${server.url}/open`);
    const startMs = performance.now();
    const stopped = server.stop();
    expect(server.stop()).toBe(stopped);
    const answered = await waiting;
    expect([answered.status, answered.body, answered.headers.get('connection')]).toEqual([
      200,
      { answered: 'at once' },
      'close',
    ]);
    await stopped;
    expect(performance.now() - startMs).toBeLessThan(1_500);
    await expect(fetch(`${server.url}/open`)).rejects.toThrow();
  });

  it('cuts off what does not end in time', async () => {
    const { lines, log } = listening();
    const server = await serve({ drainMs: 50, log });
    const hanging = expect(fetch(`${server.url}/hangs`)).rejects.toThrow();
    await ask(`${server.url}/open`);
    await server.stop();
    await hanging;
    expect(lines).toContainEqual({
      level: 'warn',
      message: 'http server aborts open requests after the drain time',
      drain_ms: 50,
    });
  });

  it('says that its address is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void other.close());
    await new Promise((resolve) => other.once('listening', resolve));
    const { port } = other.address() as AddressInfo;
    await expect(serve({ listen: `127.0.0.1:${port}` })).rejects.toMatchObject({ code: 'http.cannot_listen' });
  });
});

it('logs routes, never paths, queries, bodies or tokens', async () => {
  const { lines, log } = listening();
  const { url } = await serve({ tokens: TOKENS, log });
  await ask(`${url}/write/secret-id?times=3`, json({ name: 'hunter2' }, bearer('s-000000000000000')));
  const text = JSON.stringify(lines);
  expect(lines).toContainEqual(expect.objectContaining({ method: 'POST', route: '/write/:id', status: 200 }));
  for (const secret of ['secret-id', 'times', 'hunter2', '000000000000000']) expect(text).not.toContain(secret);
});

it('describes its routes in an OpenAPI document', async () => {
  const { url } = await serve({ tokens: TOKENS });
  const { body } = await ask(`${url}/openapi.json`);
  const { openapi, info, paths } = body as { openapi: string; info: object; paths: Record<string, never> };
  expect([openapi, info]).toEqual(['3.1.0', { title: 'probe', description: 'routes of a test', version: '1.2.3' }]);
  expect(paths['/write/{id}']).toMatchObject({
    post: {
      parameters: [
        { in: 'query', name: 'times', required: false },
        { in: 'path', name: 'id', required: true, schema: { type: 'string', minLength: 3 } },
      ],
      requestBody: { content: { 'application/json': { schema: { type: 'object', required: ['name'] } } } },
      responses: { 200: { content: { 'application/json': { schema: { type: 'object' } } } } },
      security: [{ token: [] }],
    },
  });
  expect(paths['/open']).toMatchObject({ get: { security: [] } });
});
