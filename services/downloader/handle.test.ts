import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import type { Message } from '../../libs/contracts/chain.ts';
import { CatenaError } from '../../libs/errors/catena-error.ts';
import type { Permit } from '../../libs/limits/rate-limiter.ts';
import { defineModule, fetchStep } from '../../libs/modules/index.ts';
import { Runs } from '../../libs/stage/run/runs.ts';
import { cookieStoreOf, type FakePage } from '../../test/fixtures/fake-ports.ts';
import { messagesOf, only, stricter } from '../../test/fixtures/outcomes.ts';
import { LEASE_MS, openStageBench, type StageBench } from '../../test/fixtures/stage-bench.ts';
import { admit } from './admit.ts';
import { handle } from './handle.ts';
import { CookieJars } from './policies/cookie-jar.ts';
import { refreshCookies } from './policies/cookies.ts';

const HOST = 'shop.test';

interface Asked {
  readonly method?: string;
  readonly session?: string;
  readonly timeoutMs?: number;
}

const shopOf = (options = {}) =>
  defineModule({
    name: 'shop',
    version: '1.0.0',
    input: z.object({ method: z.string(), session: z.string(), timeoutMs: z.number() }).partial().loose(),
    steps: { list: fetchStep(z.object({}), options) },
    items: {},
  }).implement({
    *start({ go }) {
      yield go.list({});
    },
    steps: {
      list: { request: ({ input }) => ({ url: `http://${HOST}/list`, ...(input as Asked) }), *parse() {} },
    },
  });

const shop = shopOf();

const storeDown = () => Promise.reject(new CatenaError('store.io_error', 'the disk is gone', { class: 'retryable' }));

function countedPermit(): Permit & { released: number } {
  const permit = {
    released: 0,
    release: () => {
      permit.released = 1;
    },
  };
  return permit;
}

async function downloaded(page: FakePage, options = {}): Promise<{ bench: StageBench; response: Message<'response'> }> {
  const bench = openStageBench([shop], options);
  bench.http.answer = ({ url }) => (url.endsWith('robots.txt') ? { status: 404 } : page);
  return { bench, response: await bench.download(await bench.beginRequest()) };
}

describe('a download', () => {
  it('is released and its response sent when no parser is free here', async () => {
    const { bench, response } = await downloaded({ status: 201, headers: [['x-a', '1']], body: 'hello' });
    expect(response.model).toMatchObject({
      runId: 'run-1',
      status: 201,
      finalUrl: `http://${HOST}/list`,
      headers: [{ name: 'x-a', value: '1' }],
      content: { $case: 'body', value: Buffer.from('hello') },
      context: { moduleId: 'shop@1.0.0', stepIdx: 0, epoch: 0 },
    });
    expect(response.model.error).toBeUndefined();
    expect(await bench.nodeOf(response)).toMatchObject({ state: 'fetched' });
  });

  it('is handed to a free parser under the same lease', async () => {
    const bench = openStageBench([shop]);
    bench.localParser.free = 1;
    const release = vi.spyOn(bench.coordinator, 'release');
    const permit = countedPermit();
    const request = await bench.beginRequest();
    const outcome = await handle(bench.downloader, request, permit);
    expect(outcome).toMatchObject({ kind: 'next', messages: [] });
    if (outcome.kind === 'next') outcome.handOver?.start();
    const { lease, response } = only(bench.localParser.started);
    expect(response.requestId).toBe(request.model.id);
    expect(await bench.nodeOf(request)).toMatchObject({ state: 'processing', token: lease.node.token });
    expect([release.mock.calls.length, permit.released]).toEqual([0, 1]);
    expect(bench.leases.oldestSinceMs()).toBeDefined();
  });

  it('keeps a body over the threshold by reference, and sends a smaller one', async () => {
    const small = await downloaded({ body: 'x'.repeat(100) }, { blobThresholdBytes: 100 });
    expect(small.response.model.content).toMatchObject({ $case: 'body' });
    const { bench, response } = await downloaded({ body: 'x'.repeat(101) }, { blobThresholdBytes: 100 });
    const { content, requestId } = response.model;
    expect(content).toEqual({ $case: 'blob', value: { key: requestId, sizeBytes: 101 } });
    expect(Buffer.from(await bench.blobs.get('run-1', requestId)).toString()).toBe('x'.repeat(101));
  });

  it.each([
    [{}, 'GET', undefined],
    [{ method: 'HEAD' }, 'HEAD', undefined],
    [{ method: 'POST' }, 'POST', expect.any(String)],
  ])('of %j carries its node’s id where it may change something', async (input, method, key) => {
    const bench = openStageBench([shop]);
    const request = await bench.beginRequest({ input });
    await bench.download(request);
    const asked = only(bench.http.asked);
    expect([asked.method, asked.headers['idempotency-key']]).toEqual([method, key]);
    if (key !== undefined) expect(asked.headers['idempotency-key']).toBe(request.model.id);
  });

  it('uses the cookies of its run and session, and the time that its request or its step allows', async () => {
    const bench = openStageBench([shopOf({ timeoutMs: 700 })]);
    const has = (runId: string, session: string, cookie: string) =>
      bench.cookies.forRun(runId, session).store(new URL(`http://${HOST}/`), [['set-cookie', cookie]]);
    has('run-1', '', 'own=1');
    has('run-2', 'second', 'named=1');
    has('run-2', '', 'unnamed=1');
    await bench.download(await bench.beginRequest());
    await bench.download(await bench.beginRequest({ input: { session: 'second', timeoutMs: 300 } }));
    await bench.download(await bench.beginRequest({ input: { session: 'second' } }));
    const [own, named, elsewhere] = bench.http.asked;
    expect(own!.headers.cookie).toBe('own=1');
    expect(named!.headers.cookie).toBe('named=1');
    expect(elsewhere!.headers.cookie).toBeUndefined();
    expect([own!.totalTimeoutMs, named!.totalTimeoutMs]).toEqual([700, 300]);
  });

  it('tells other processes of the cookies that came with its answer, and takes theirs over', async () => {
    const bench = openStageBench([shop]);
    const own = { runId: 'run-1', session: '' };
    bench.http.answer = () => ({ headers: [['set-cookie', 'login=1; Path=/']] });
    await bench.download(await bench.beginRequest());
    expect([...(await cookieStoreOf(bench).read(own, ''))!.cookies.keys()]).toEqual(['shop.test;/;login']);
    const elsewhere = { cookies: new CookieJars(), cookieStore: cookieStoreOf(bench) };
    expect((await refreshCookies(elsewhere, own)).header(new URL('http://shop.test/'))).toBe('login=1');
  });

  it.each([200, 404, 429, 500, 503])('that is answered %i with Retry-After holds its host up', async (status) => {
    const { bench } = await downloaded({ status, headers: [['retry-after', '7']] });
    expect(bench.limiter.snapshot()).toEqual([
      { key: HOST, waiting: 0, inFlight: 0, nextAtMs: bench.clock.now() + 7_000 },
    ]);
    const other = await downloaded({ status, headers: [['retry-after', 'soon']] });
    expect(other.bench.limiter.snapshot()).toEqual([]);
  });
});

describe('a failed download', () => {
  it.each([
    ['retryable', new CatenaError('download.timeout', 'too slow', { class: 'retryable', retryAfterMs: 9 }), 1, 9],
    ['fatal', new CatenaError('download.too_large', 'too much', { class: 'fatal', data: { limitBytes: 3 } }), 2, 0],
    ['unknown', new TypeError('what is this'), 1, 0],
  ])('is a response too, with an error that is %s', async (_name, thrown, errorClass, retryAfterMs) => {
    const bench = openStageBench([shop]);
    bench.http.answer = () => {
      throw thrown;
    };
    const { model } = await bench.download(await bench.beginRequest());
    expect(model).toMatchObject({ status: 0, finalUrl: `http://${HOST}/list`, prefixRequest: '' });
    expect(model.error).toMatchObject({
      code: thrown instanceof CatenaError ? thrown.code : 'download.failed',
      class: errorClass,
      message: expect.stringContaining(thrown.message),
      stage: 'downloader',
      retryAfterMs,
    });
  });

  it('takes no effect when the lease was lost meanwhile', async () => {
    const bench = openStageBench([shop]);
    bench.localParser.free = 1;
    bench.http.answer = async (_request, signal) => {
      await loseLease(bench);
      bench.leases.renewDue();
      await vi.waitFor(() => expect(signal.aborted).toBe(true), { interval: 1 });
      signal.throwIfAborted();
      return {};
    };
    const permit = countedPermit();
    const request = await bench.beginRequest();
    expect(await handle(bench.downloader, request, permit)).toEqual({ kind: 'skip', reason: 'lease lost' });
    expect([permit.released, bench.localParser.free]).toEqual([1, 1]);
    expect(await bench.nodeOf(request)).toMatchObject({ state: 'pending', crashes: 1, error: '' });
  });

  it('goes on when its lease ran out and nobody took the node over', async () => {
    const bench = openStageBench([shop]);
    bench.http.answer = async (_request, signal) => {
      bench.clock.advance(LEASE_MS * 3);
      bench.leases.renewDue();
      await vi.waitFor(async () => expect(await bench.dueAfter(0)).toEqual([]), { interval: 1 });
      signal.throwIfAborted();
      return {};
    };
    const request = await bench.beginRequest();
    const outcome = await handle(bench.downloader, request, countedPermit());
    expect(only(messagesOf(outcome, 'response')).model.requestId).toBe(request.model.id);
    expect(await bench.nodeOf(request)).toMatchObject({ state: 'fetched', crashes: 0 });
  });

  it('is skipped when another holder has taken the request over', async () => {
    const bench = openStageBench([shop]);
    bench.http.answer = async () => {
      await loseLease(bench);
      return {};
    };
    const outcome = await handle(bench.downloader, await bench.beginRequest(), countedPermit());
    expect(outcome).toEqual({ kind: 'skip', reason: 'FENCING_REJECT' });
  });
});

describe('a request that is not to be sent', () => {
  it('is skipped, and its permit given back', async () => {
    const bench = openStageBench([shop]);
    const request = await bench.beginRequest();
    await bench.coordinator.runControl({ runId: 'run-1', action: 'pause' });
    const permit = countedPermit();
    expect(await handle(bench.downloader, request, permit)).toEqual({ kind: 'skip', reason: 'PAUSED' });
    expect([permit.released, bench.http.asked]).toEqual([1, []]);
  });

  it('because its module does not take its input any more is a failure of its node', async () => {
    const bench = openStageBench([shop]);
    const request = await bench.beginRequest();
    const deps = {
      ...bench.downloader,
      execution: { ...bench.execution, runs: new Runs(bench.store, stricter(bench.registry.resolve('shop'))) },
    };
    const permit = await admit(deps, request, new AbortController().signal);
    const error = only(messagesOf(await handle(deps, request, permit), 'error'));
    expect(error.model).toMatchObject({ id: request.model.id, isRequest: true, error: { code: 'module.wrong_input' } });
    expect(await bench.nodeOf(request)).toMatchObject({ state: 'failed' });
  });

  it.each(['claim', 'release'] as const)('because %s is not answered is given back', async (transition) => {
    const bench = openStageBench([shop]);
    const request = await bench.beginRequest();
    vi.spyOn(bench.coordinator, transition).mockImplementationOnce(storeDown);
    const permit = countedPermit();
    await expect(handle(bench.downloader, request, permit)).rejects.toMatchObject({ code: 'store.io_error' });
    expect([permit.released, bench.leases.oldestSinceMs()]).toEqual([1, undefined]);
    expect(await bench.nodeOf(request)).toMatchObject({ state: 'pending', attempts: 0, crashes: 0 });
  });
});

describe('admission', () => {
  const { signal } = new AbortController();

  it('waits for the host', async () => {
    const bench = openStageBench([shop]);
    bench.limiter.setLimits(HOST, { concurrency: 1 });
    const request = await bench.beginRequest();
    const first = await admit(bench.downloader, request, signal);
    const second = admit(bench.downloader, request, signal);
    await vi.waitFor(() => expect(bench.limiter.waiting(HOST)).toBe(1));
    first.release();
    (await second).release();
    expect(bench.limiter.snapshot()).toEqual([]);
  });

  it('waits for the step too, whatever its hosts, and gives both back', async () => {
    const bench = openStageBench([shopOf({ concurrency: 1 })]);
    const request = await bench.beginRequest();
    const first = await admit(bench.downloader, request, signal);
    expect(bench.limiter.snapshot()).toHaveLength(2);
    const elsewhere: Message<'request'> = { kind: 'request', model: { ...request.model, limitKey: 'other.test' } };
    const second = admit(bench.downloader, elsewhere, signal);
    await vi.waitFor(() => expect(bench.limiter.waiting('step:shop@1.0.0:0')).toBe(1));
    first.release();
    (await second).release();
    expect(bench.limiter.snapshot()).toEqual([]);
  });

  it('that is given up leaves nothing taken', async () => {
    const bench = openStageBench([shopOf({ concurrency: 1 })]);
    bench.limiter.setLimits(HOST, { concurrency: 1 });
    const request = await bench.beginRequest();
    const held = bench.limiter.tryAcquire(HOST)!;
    const giveUp = new AbortController();
    const waiting = admit(bench.downloader, request, giveUp.signal);
    await vi.waitFor(() => expect(bench.limiter.waiting(HOST)).toBe(1));
    giveUp.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'limits.aborted' });
    held.release();
    expect(bench.limiter.snapshot()).toEqual([]);
  });
});

/** Lets the leases run out, and recovers their nodes as the sweeper of another process does. */
async function loseLease(bench: StageBench): Promise<void> {
  for (const entry of await bench.dueAfter(LEASE_MS + 1)) {
    if (entry.kind === 'recover') await bench.coordinator.recoverZombie({ node: entry.node, crashBudget: 9 });
  }
}
