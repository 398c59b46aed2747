/** Redirects between two hosts: each hop keeps to the rules of the host that it leads to. */
import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import type { Message } from '../../libs/contracts/chain.ts';
import type { ResponseModel } from '../../libs/contracts/messages.ts';
import type { KeyLimits } from '../../libs/limits/limiter.ts';
import { RateLimiter } from '../../libs/limits/rate-limiter.ts';
import { defineModule, fetchStep } from '../../libs/modules/index.ts';
import { UNDECODED_HEADER } from '../../libs/stage/messages/response-headers.ts';
import { messagesOf, only } from '../../test/fixtures/outcomes.ts';
import { openStageBench } from '../../test/fixtures/stage-bench.ts';
import { admit } from './admit.ts';
import type { DownloaderDeps } from './deps.ts';
import { handle } from './handle.ts';
import type { HttpClientOptions } from './http/http-options.ts';
import { type Handler, startClient, startServer } from './http/loopback.fixture.ts';
import { performRequest } from './http/request.ts';
import { RobotsRules } from './policies/robots-rules.ts';
import { createDownloader } from './service.ts';

const pages = defineModule({
  name: 'pages',
  version: '1.0.0',
  input: z.object({ url: z.string() }).loose(),
  steps: { page: fetchStep(z.object({})) },
  items: {},
}).implement({
  *start({ go }) {
    yield go.page({});
  },
  steps: { page: { request: ({ input }) => input as { url: string }, *parse() {} } },
});

interface Options {
  readonly limits?: Partial<KeyLimits>;
  readonly http?: Partial<HttpClientOptions>;
}

/** A downloader over real servers and real time. */
function open({ limits = {}, http = {} }: Options = {}) {
  const bench = openStageBench([pages], { obeyRobots: true });
  const client = startClient(http);
  const limiter = new RateLimiter({ defaults: { requestsPerSecond: 0, concurrency: 0, ...limits } });
  const robots = new RobotsRules({
    productToken: 'catena',
    fetch: (url, signal) => performRequest(client, { method: 'GET', url, headers: {} }, signal),
  });
  const deps: DownloaderDeps = { ...bench.downloader, http: client, limiter, robots };
  const requestOf = (url: string, more = {}) => bench.beginRequest({ input: { url, ...more } });
  /** Admits a request and downloads it. */
  const download = async (request: Message<'request'>): Promise<ResponseModel> => {
    const permit = await admit(deps, request, new AbortController().signal);
    return only(messagesOf(await handle(deps, request, permit), 'response')).model;
  };
  const get = async (url: string, more = {}) => download(await requestOf(url, more));
  return { bench, deps, limiter, requestOf, download, get };
}

/** Requests of so many pages, made before any is sent. */
async function requestsOf({ requestOf }: ReturnType<typeof open>, origin: string, count: number) {
  const requests: Message<'request'>[] = [];
  for (let page = 0; page < count; page++) requests.push(await requestOf(`${origin}/${page}`));
  return requests;
}

/** A host with its robots.txt; notes when each page was asked for, and how many at once. */
async function startHost(robots: string, answer: Handler) {
  const atMs: number[] = [];
  const paths: string[] = [];
  const underWay = { now: 0, most: 0 };
  const { origin } = await startServer((request, response, body) => {
    if (request.url === '/robots.txt') return void response.end(robots);
    atMs.push(performance.now());
    paths.push(request.url ?? '');
    underWay.now += 1;
    underWay.most = Math.max(underWay.most, underWay.now);
    response.on('finish', () => {
      underWay.now -= 1;
    });
    answer(request, response, body);
  });
  return { origin, host: new URL(origin).host, atMs, paths, underWay };
}

/** A host whose pages are elsewhere, at the same path. */
const movedTo = (origin: string) => startHost('', (request, response) => redirect(response, origin + request.url));

const redirect = (response: Parameters<Handler>[1], location: string) =>
  void response.writeHead(302, { location }).end();

const page: Handler = (_request, response) => void response.end('page');

const gaps = (atMs: readonly number[]) => atMs.slice(1).map((at, before) => at - atMs[before]!);

describe('robots.txt of the host that a redirect leads to', () => {
  it('W7: is asked for once and obeyed, by thirty pages of another host', async () => {
    const robots = vi.fn(() => 'User-agent: *\nDisallow: /\nCrawl-delay: 2');
    const target = await startServer((_request, response) => response.end(robots()));
    const source = await movedTo(target.origin);
    const opened = open();
    const requests = await requestsOf(opened, source.origin, 30);
    const responses = await Promise.all(requests.map(opened.download));
    expect(new Set(responses.map(({ error }) => error?.code))).toEqual(new Set(['robots.disallowed']));
    expect(responses[0]!.error).toMatchObject({ class: 2 });
    expect([source.paths.length, target.seen.map(({ url }) => url)]).toEqual([30, ['/robots.txt']]);
    expect(opened.limiter.snapshot()).toEqual([]);
  });

  it('W7: paces its pages by its Crawl-delay, and those of the first host not', async () => {
    const target = await startHost('User-agent: *\nCrawl-delay: 0.1', page);
    const source = await movedTo(target.origin);
    const opened = open();
    const requests = await requestsOf(opened, source.origin, 6);
    const responses = await Promise.all(requests.map(opened.download));
    expect(responses.map(({ status }) => status)).toEqual(Array(6).fill(200));
    expect(Math.min(...gaps(target.atMs))).toBeGreaterThan(80);
    expect(source.atMs.at(-1)! - source.atMs[0]!).toBeLessThan(target.atMs.at(-1)! - target.atMs[0]!);
  });

  it('is not asked for by a request that ignores robots.txt', async () => {
    const target = await startHost('User-agent: *\nDisallow: /', page);
    const source = await movedTo(target.origin);
    const { get } = open();
    expect((await get(`${source.origin}/a`)).error?.code).toBe('robots.disallowed');
    expect(await get(`${source.origin}/a`, { robots: 'ignore' })).toMatchObject({
      status: 200,
      finalUrl: `${target.origin}/a`,
    });
    expect(target.paths).toEqual(['/a']);
  });

  it('that cannot be had is waited for, and the page is not', async () => {
    const target = await startServer((_request, response) => response.writeHead(503).end());
    const source = await movedTo(target.origin);
    const { get, limiter } = open();
    const { error } = await get(`${source.origin}/a`);
    expect(error).toMatchObject({ code: 'robots.unreachable', class: 1, retryAfterMs: 30_000 });
    expect([target.seen.length, limiter.snapshot()]).toEqual([1, []]);
  });
});

describe('limits of the host that a redirect leads to', () => {
  const slow: Handler = (_request, response) => void setTimeout(() => response.end('page'), 30);

  it('hold for it: as many at once as it takes, and no more of the first host are begun meanwhile', async () => {
    const target = await startHost('', slow);
    const source = await movedTo(target.origin);
    const opened = open({ limits: { concurrency: 2 } });
    const requests = await requestsOf(opened, source.origin, 8);
    const ahead: number[] = [];
    const downloads = requests.map(async (request) => {
      const response = await opened.download(request);
      ahead.push(source.paths.length);
      return response;
    });
    expect((await Promise.all(downloads)).map(({ status }) => status)).toEqual(Array(8).fill(200));
    expect(target.underWay.most).toBe(2);
    expect(ahead[0], 'two are there, two wait, and nobody else has begun').toBeLessThanOrEqual(4);
    expect(opened.limiter.snapshot()).toEqual([]);
  });

  it('bring nobody to a standstill where two hosts redirect to each other', async () => {
    const hosts: string[] = [];
    const between = (other: number) => (request: { url?: string | undefined }, response: Parameters<Handler>[1]) =>
      request.url!.length < 5 ? redirect(response, `${hosts[other]}${request.url}x`) : void response.end('page');
    const one = await startHost('', between(1));
    const two = await startHost('', between(0));
    hosts.push(one.origin, two.origin);
    const opened = open({ limits: { concurrency: 1 } });
    const requests = [...(await requestsOf(opened, one.origin, 6)), ...(await requestsOf(opened, two.origin, 6))];
    const startMs = performance.now();
    const responses = await Promise.all(requests.map(opened.download));
    expect(responses.map(({ status }) => status)).toEqual(Array(12).fill(200));
    expect([one.underWay.most, two.underWay.most]).toEqual([1, 1]);
    expect(performance.now() - startMs).toBeLessThan(5_000);
    expect(opened.limiter.snapshot()).toEqual([]);
  });

  it('space the hops within one host too, which go ahead of pages that have not begun', async () => {
    const host = await startHost('', (request, response) =>
      request.url!.endsWith('/') ? void response.end('page') : redirect(response, `${request.url}/`),
    );
    const opened = open({ limits: { requestsPerSecond: 20, concurrency: 8 } });
    const requests = await requestsOf(opened, host.origin, 4);
    await Promise.all(requests.map(opened.download));
    expect(host.paths.filter((path) => path.endsWith('/'))).toHaveLength(4);
    expect(host.paths[1], 'the first page is gone on with before the second is begun').toBe('/0/');
    // Eight starts, 50 ms apart; each of them may arrive a little late, so it is the whole that is measured.
    expect(host.atMs).toHaveLength(8);
    expect(host.atMs.at(-1)! - host.atMs[0]!).toBeGreaterThan(7 * 50 - 30);
  });

  it('give a request back whose time is too short for them, with the time to come again', async () => {
    const target = await startHost('User-agent: *\nCrawl-delay: 20', page);
    const source = await movedTo(target.origin);
    const { get, deps, limiter } = open();
    expect(await get(`${source.origin}/a`)).toMatchObject({ status: 200 });
    const breaker = { key: 'b', failures: 1, openMs: 60_000 };
    for (const times of [1, 2]) {
      const { error } = await get(`${source.origin}/a`, { timeoutMs: 3_000, breaker });
      expect(error).toMatchObject({ code: 'limits.wait_too_long', class: 1 });
      expect(error!.retryAfterMs).toBeGreaterThan(times * 20_000 - 3_000);
      expect(error!.retryAfterMs).toBeLessThanOrEqual(times * 20_000);
    }
    expect(await deps.breakers.breakers.state('b')).toMatchObject({ state: 'closed' });
    expect(limiter.snapshot().map(({ inFlight, waiting }) => inFlight + waiting)).toEqual([0]);
    expect(target.paths).toHaveLength(1);
  });

  it('are waited for under the slot of nobody: two executions never wait for each other', async () => {
    const held = Promise.withResolvers<void>();
    const target = await startHost('', page);
    const source = await startHost('', (request, response) => {
      void held.promise.then(() => redirect(response, target.origin + request.url));
    });
    const { bench, deps, limiter, requestOf } = open({ limits: { concurrency: 1 } });
    const runner = createDownloader({ ...deps, config: { ...deps.config, downloadConcurrency: 1 } });
    bench.localParser.free = 2;
    runner.start();
    await bench.bus.publish(await requestOf(`${source.origin}/moved`));
    await vi.waitFor(() => expect(source.paths).toHaveLength(1));
    await bench.bus.publish(await requestOf(`${target.origin}/direct`));
    // It has the permit of the target, and waits for the slot of the first.
    await vi.waitFor(() => expect(limiter.snapshot().map(({ key }) => key)).toContain(target.host));
    held.resolve();
    await vi.waitFor(() => expect(bench.localParser.started).toHaveLength(2));
    expect(target.paths).toEqual(['/direct', '/moved']);
    await runner.stop();
    expect([runner.inFlight, limiter.snapshot()]).toEqual([0, []]);
  });

  it('are let go of when the lease is lost on the way', async () => {
    const target = await startHost('', page);
    const source = await movedTo(target.origin);
    const { bench, deps, limiter, requestOf } = open({ limits: { concurrency: 1 } });
    const busy = limiter.tryAcquire(target.host)!;
    const request = await requestOf(`${source.origin}/a`);
    const permit = await admit(deps, request, new AbortController().signal);
    const handled = handle(deps, request, permit);
    await vi.waitFor(() => expect(limiter.waiting(target.host)).toBe(1));
    // The sweeper of another process takes the node over.
    for (const entry of await bench.dueAfter(60_000)) {
      if (entry.kind === 'recover') await bench.coordinator.recoverZombie({ node: entry.node, crashBudget: 9 });
    }
    bench.leases.renewDue();
    expect(await handled).toEqual({ kind: 'skip', reason: 'lease lost' });
    busy.release();
    expect([limiter.snapshot(), target.paths]).toEqual([[], []]);
  });
});

it('a Retry-After holds up the host that sent it, not the one that redirected there', async () => {
  const target = await startHost(
    '',
    (_request, response) => void response.writeHead(503, { 'retry-after': '7' }).end(),
  );
  const source = await movedTo(target.origin);
  const { get, limiter, bench } = open();
  const delay = vi.spyOn(limiter, 'delay');
  expect(await get(`${source.origin}/a`)).toMatchObject({ status: 503 });
  expect(delay.mock.calls).toEqual([[target.host, bench.clock.now() + 7_000]]);
});

it('a redirect to a private address is refused before anything is asked or awaited there', async () => {
  const source = await startHost('', (_request, response) => redirect(response, 'http://169.254.169.254/latest'));
  const opened = open({ http: { denyPrivateTargets: true, allowedPrivateTargets: ['127.0.0.1'] } });
  const { get, deps, limiter } = opened;
  const check = vi.spyOn(deps.robots, 'check');
  const { error } = await get(`${source.origin}/a`);
  expect(error).toMatchObject({ code: 'download.private_target', class: 2 });
  expect(error!.message).toContain('http://169.254.169.254/latest');
  expect(check.mock.calls.map(([url]) => url.host)).toEqual([source.host]);
  expect(limiter.snapshot()).toEqual([]);
});

it('W2: a status reaches the parser with a body that cannot be decoded, and no server can say so itself', async () => {
  const host = await startHost('', (request, response) => {
    const coding = request.url === '/broken' ? { 'content-encoding': 'gzip' } : {};
    response.writeHead(404, { ...coding, 'catena-undecoded': 'forged' }).end(Buffer.from('1f8b0800ff', 'hex'));
  });
  const { get } = open();
  const told = async (path: string) => {
    const { status, headers } = await get(host.origin + path);
    return [status, headers.find(({ name }) => name === UNDECODED_HEADER)?.value];
  };
  expect(await told('/broken')).toEqual([404, expect.stringContaining('content-encoding gzip')]);
  expect(await told('/plain')).toEqual([404, undefined]);
});

it('W10: what is written for one origin stays there: keys, and a body that its request does not send again', async () => {
  const target = await startHost('', page);
  const source = await startServer((request, response) =>
    request.url === '/robots.txt' ? response.end() : response.writeHead(307, { location: `${target.origin}/to` }).end(),
  );
  const { get } = open();
  const form = { url: '', method: 'POST', form: { a: '1' }, headers: { 'x-api-key': 'k' } };
  const { error } = await get(`${source.origin}/1`, { ...form, url: `${source.origin}/1` });
  expect([error?.code, error?.class, target.paths]).toEqual(['download.body_not_resent', 2, []]);
  const sent = await get(`${source.origin}/2`, { ...form, url: `${source.origin}/2`, resendBody: true });
  expect([sent.status, target.paths]).toEqual([200, ['/to']]);
});

it('the rules on circles and on the number of redirects are those of the request', async () => {
  const host = await startHost('', (request, response) =>
    redirect(response, request.url === '/circle' ? '/circle' : `${request.url}x`),
  );
  const { get } = open({ http: { maxRedirects: 3 } });
  const codeOf = async (path: string) => (await get(host.origin + path)).error?.code;
  expect([await codeOf('/circle'), host.paths.length]).toEqual(['download.too_many_redirects', 4]);
  expect([await codeOf('/more'), host.paths.length]).toEqual(['download.too_many_redirects', 8]);
});
