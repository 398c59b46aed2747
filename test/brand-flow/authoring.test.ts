/** What the engine gives to every module for the sake of calls that are dear, slow or secret. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { defineModule, fetchStep, type RequestSpec } from '../../libs/modules/index.ts';
import { type Seen, startServer } from '../../services/downloader/http/loopback.fixture.ts';
import { run, startNode } from '../fixtures/flow.ts';

/** Asks as often as it is told, and puts what came, or why nothing did. */
const asking = (spec: (origin: string, n: number) => RequestSpec, attempts = 1) =>
  defineModule({
    name: 'asking',
    version: '1.0.0',
    input: z.object({ origin: z.string(), times: z.number().default(1) }),
    steps: { ask: fetchStep(z.object({ n: z.number() }), { retry: { attempts, baseDelayMs: 1 } }) },
    items: { answer: z.object({ text: z.string(), partial: z.boolean() }), lost: z.object({ code: z.string() }) },
  }).implement({
    *start({ go }) {
      yield go.ask({ n: 1 });
    },
    steps: {
      ask: {
        request: ({ input, state }) => spec(input.origin, state.n),
        *parse({ go, put, input, state, text, page }) {
          yield put.answer({ text, partial: page.partial });
          if (state.n < input.times) yield go.ask({ n: state.n + 1 });
        },
        *givenUp({ put, error }) {
          yield put.lost({ code: error.code });
        },
      },
    },
  });

describe('a secret in a header', () => {
  const module = asking((origin) => ({ url: origin, headers: { authorization: 'Bearer {{secret:SHOP_KEY}}' } }));

  async function ask(login: unknown): Promise<{ seen: Seen[]; ended: Awaited<ReturnType<typeof run>> }> {
    const { origin, seen } = await startServer((request, response) => {
      response.end(`you sent ${request.headers.authorization}`);
    });
    const node = startNode([module]);
    await node.store.putAccount({ account: 'acme', platform: 'web', login, updatedAtMs: 1 });
    return { seen, ended: await run(node, module, { origin }) };
  }

  it('is put in on the wire alone, and taken out of an answer that repeats it', async () => {
    const { seen, ended } = await ask({ SHOP_KEY: 'very-secret-value' });
    expect(seen[0]?.headers.authorization).toBe('Bearer very-secret-value');
    expect(ended.items).toEqual([{ text: 'you sent Bearer [secret]', partial: false }]);
  });

  it('does not follow a redirect to another origin, whatever its header is called', async () => {
    const elsewhere = await startServer((_request, response) => response.end('hello'));
    const { origin } = await startServer((_request, response) => {
      response.writeHead(307, { location: elsewhere.origin }).end();
    });
    const byOwnHeader = asking((url) => ({
      url,
      headers: { 'X-Api-Key': '{{secret:SHOP_KEY}}', accept: 'text/html' },
    }));
    const node = startNode([byOwnHeader]);
    await node.store.putAccount({
      account: 'acme',
      platform: 'web',
      login: { SHOP_KEY: 'very-secret' },
      updatedAtMs: 1,
    });
    await run(node, byOwnHeader, { origin });
    expect(elsewhere.seen[0]?.headers.accept).toBe('text/html');
    expect(elsewhere.seen[0]?.headers['x-api-key']).toBeUndefined();
  });

  it('that nobody has is not sent as a name, and the failure tells the name', async () => {
    const { seen, ended } = await ask({ OTHER: 'x' });
    expect(seen).toEqual([]);
    expect(ended.items).toEqual([{ code: 'download.secret_missing' }]);
  });
});

describe('a request that is given up', () => {
  it('leaves what its step puts in its place, after its last attempt, and no dead letter', async () => {
    const { origin, seen } = await startServer((_request, response) => response.writeHead(503).end());
    const module = asking((url) => ({ url }), 3);
    const { items, end, deadLetters } = await run(startNode([module]), module, { origin });
    expect(seen).toHaveLength(3);
    expect(items).toEqual([{ code: 'download.status' }]);
    expect(end).toMatchObject({ finishReason: 'completed', dead: 0 });
    expect(deadLetters).toEqual([]);
  });

  it('is not tried again when another attempt would fail the same way', async () => {
    const { origin, seen } = await startServer((_request, response) => response.writeHead(404).end());
    const module = asking((url) => ({ url }), 3);
    expect((await run(startNode([module]), module, { origin })).items).toEqual([{ code: 'download.status' }]);
    expect(seen).toHaveLength(1);
  });
});

describe('the time of a request', () => {
  it('ends when it is said to, however long it may take', async () => {
    const { origin } = await startServer((_request, response) => void response.write('some'));
    const module = asking((url) => ({ url, timeoutMs: 60_000, untilMs: Date.now() + 400, partial: true }));
    const { items } = await run(startNode([module]), module, { origin });
    expect(items).toEqual([{ text: 'some', partial: true }]);
  });

  it('that is over already leaves it unsent', async () => {
    const { origin, seen } = await startServer((_request, response) => response.end());
    const module = asking((url) => ({ url, untilMs: Date.now() - 1 }));
    const { items } = await run(startNode([module]), module, { origin });
    expect(items).toEqual([{ code: 'download.deadline_exceeded' }]);
    expect(seen).toEqual([]);
  });

  it('cannot be told to be partial by a server', async () => {
    const { origin } = await startServer((_request, response) => {
      response.writeHead(200, { 'catena-partial': 'true' }).end('whole');
    });
    const module = asking((url) => ({ url }));
    expect((await run(startNode([module]), module, { origin })).items).toEqual([{ text: 'whole', partial: false }]);
  });
});

describe('an equal request of a run', () => {
  const cached = (key?: (n: number) => string) =>
    asking((url, n) => ({
      url,
      json: { question: 1 },
      cache: 'run',
      ...(key === undefined ? {} : { cacheKey: key(n) }),
    }));

  async function timesAsked(module: ReturnType<typeof cached>, status = 200): Promise<number> {
    const { origin, seen } = await startServer((_request, response) => response.writeHead(status).end('yes'));
    const { items } = await run(startNode([module]), module, { origin, times: 3 });
    expect(items.length).toBeGreaterThan(0);
    return seen.length;
  }

  it('is answered without being sent again (B32)', async () => {
    expect(await timesAsked(cached())).toBe(1);
  });

  it('is sent when its key tells it apart', async () => {
    expect(await timesAsked(cached((n) => String(n)))).toBe(3);
  });

  it('of another run is sent again', async () => {
    const { origin, seen } = await startServer((_request, response) => response.end('yes'));
    const module = cached();
    const node = startNode([module]);
    await run(node, module, { origin });
    await run(node, module, { origin });
    expect(seen).toHaveLength(2);
  });
});

it('robots.txt is not asked for a request that says so', async () => {
  const { origin, seen } = await startServer((_request, response) => response.end('User-agent: *\nDisallow: /'));
  const polite = asking((url) => ({ url: `${url}/api` }));
  const api = asking((url) => ({ url: `${url}/api`, robots: 'ignore' }));
  onTestFinished(() => void seen.splice(0));
  const settings = { 'robots.enabled': true };
  expect((await run(startNode([api], settings), api, { origin })).items).toHaveLength(1);
  expect(seen.map(({ url }) => url)).toEqual(['/api']);
  expect((await run(startNode([polite], settings), polite, { origin })).items).toEqual([{ code: 'robots.disallowed' }]);
});
