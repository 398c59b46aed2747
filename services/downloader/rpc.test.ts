import type { CallContext } from 'nice-grpc';
import { describe, expect, it, vi } from 'vitest';
import { ManualClock } from '../../libs/clock/clock.ts';
import { ManualTimers } from '../../libs/concurrency/timers.ts';
import type { ChainEvent } from '../../libs/contracts/events.ts';
import { BreakerPosition, FetchRequest } from '../../libs/contracts/services.ts';
import { CatenaError } from '../../libs/errors/catena-error.ts';
import { RateLimiter } from '../../libs/limits/rate-limiter.ts';
import { openSqliteBreakers } from '../../libs/limits/sqlite/breakers.ts';
import { openDatabase } from '../../libs/sqlite/scratch.fixture.ts';
import { FakeHttp } from '../../test/fixtures/fake-ports.ts';
import { roomyMemory } from '../../test/fixtures/roomy-memory.ts';
import { createDownloaderApi, type DownloaderApiDeps } from './rpc.ts';

function open(changes: Partial<DownloaderApiDeps> = {}) {
  const clock = new ManualClock();
  const http = new FakeHttp();
  const limiter = new RateLimiter({
    defaults: { requestsPerSecond: 0, concurrency: 1 },
    clock,
    timers: new ManualTimers(clock),
  });
  const breakers = openSqliteBreakers({ db: openDatabase(), clock });
  const events: ChainEvent[] = [];
  const guard = { breakers, publish: async (event: ChainEvent) => void events.push(event) };
  const api = createDownloaderApi({
    http,
    limiter,
    guard,
    robots: undefined,
    clock,
    bodyMemory: roomyMemory(),
    ...changes,
  });
  return { clock, http, limiter, breakers, events, api };
}

function call(signal: AbortSignal = new AbortController().signal): CallContext {
  return { signal } as CallContext;
}

function request(changes: Partial<FetchRequest> = {}): FetchRequest {
  return { ...FetchRequest.fromPartial({ url: 'http://shop.test/a' }), ...changes };
}

describe('Fetch', () => {
  it('performs the request as it is asked for, and answers whatever comes', async () => {
    const { api, http, clock } = open();
    http.answer = () => {
      clock.advance(2);
      return { status: 404, headers: [['x-a', '1']], body: 'gone' };
    };
    const headers = [
      { name: 'Accept', value: 'a' },
      { name: 'accept', value: 'b' },
      { name: 'constructor', value: 'c' },
    ];
    const response = await api.fetch(request({ headers, body: Buffer.from('q=1'), timeoutMs: 700 }), call());
    expect(response).toMatchObject({
      status: 404,
      finalUrl: 'http://shop.test/a',
      headers: [{ name: 'x-a', value: '1' }],
      timings: { totalMs: 2 },
      redirects: 0,
    });
    expect(Buffer.from(response.body!).toString()).toBe('gone');
    expect(http.asked).toMatchObject([
      { method: 'POST', headers: { accept: 'a, b', constructor: 'c' }, totalTimeoutMs: 700 },
    ]);
  });

  it('keeps to the limits of its host, or of the key that it names', async () => {
    const { api, http, limiter } = open();
    const permit = limiter.tryAcquire('shop.test')!;
    await api.fetch(request({ limitKey: 'other' }), call());
    const waiting = api.fetch(request(), call());
    await vi.waitFor(() => expect(limiter.waiting('shop.test')).toBe(1));
    expect(http.asked).toHaveLength(1);
    permit.release();
    await waiting;
    expect(limiter.snapshot()).toEqual([]);
  });

  it('gives its permit back when the download fails, and says why', async () => {
    const { api, http, limiter } = open();
    const timeout = new CatenaError('download.timeout', 'too slow', { class: 'retryable' });
    http.answer = () => Promise.reject(timeout);
    await expect(api.fetch(request(), call())).rejects.toBe(timeout);
    expect(limiter.snapshot()).toEqual([]);
  });

  it('ends its wait when the client goes', async () => {
    const { api, limiter } = open();
    limiter.tryAcquire('shop.test');
    const gone = new AbortController();
    const waiting = api.fetch(request(), call(gone.signal));
    await vi.waitFor(() => expect(limiter.waiting('shop.test')).toBe(1));
    gone.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'limits.aborted' });
  });

  it('asks robots.txt, and keeps to its delay', async () => {
    const asked: string[] = [];
    const robots: DownloaderApiDeps['robots'] = {
      check: async (url) => {
        asked.push(url.pathname);
        return { allowed: url.pathname !== '/private', crawlDelayMs: 5_000 };
      },
    };
    const { api, limiter, clock } = open({ robots });
    await expect(api.fetch(request({ url: 'http://shop.test/private' }), call())).rejects.toMatchObject({
      code: 'robots.disallowed',
    });
    await api.fetch(request(), call());
    expect(asked).toEqual(['/private', '/a']);
    expect(limiter.snapshot()).toMatchObject([{ key: 'shop.test', nextAtMs: clock.now() + 5_000 }]);
  });

  it('asks robots.txt of every host that it is redirected to, and keeps to that host’s limits', async () => {
    const robots: DownloaderApiDeps['robots'] = {
      check: async ({ pathname }) => ({ allowed: pathname !== '/private' }),
    };
    const { api, http, limiter } = open({ robots });
    const busy = limiter.tryAcquire('other.test')!;
    http.answer = ({ url }) =>
      url === 'http://shop.test/a' ? { status: 302, headers: [['location', 'http://other.test/b']] } : { body: 'b' };
    const fetching = api.fetch(request(), call());
    await vi.waitFor(() => expect(limiter.waiting('other.test')).toBe(1));
    busy.release();
    expect(await fetching).toMatchObject({ status: 200, finalUrl: 'http://other.test/b', redirects: 1 });
    http.answer = () => ({ status: 302, headers: [['location', 'http://other.test/private']] });
    await expect(api.fetch(request(), call())).rejects.toMatchObject({
      code: 'robots.disallowed',
      data: { host: 'other.test' },
    });
    expect(limiter.snapshot()).toEqual([]);
  });

  it('makes the host wait after a Retry-After', async () => {
    const { api, http, limiter, clock } = open();
    http.answer = () => ({ status: 503, headers: [['retry-after', '7']] });
    await api.fetch(request(), call());
    expect(limiter.snapshot()).toMatchObject([{ nextAtMs: clock.now() + 7_000 }]);
  });

  it.each([
    [{ url: '' }, 'url'],
    [{ url: '/relative' }, 'url'],
    [{ url: 'file:///etc/passwd' }, 'url'],
    [{ url: `http://shop.test/${'a'.repeat(9_000)}` }, 'url'],
    [{ method: 'GET /x HTTP/1.1\r\n' }, 'method'],
    [{ timeoutMs: -1 }, 'timeout_ms'],
    [{ limitKey: 'k'.repeat(201) }, 'limit_key'],
  ])('refuses what cannot be (%#)', async (changes, field) => {
    const { api, http } = open();
    const fetching = api.fetch(request(changes), call());
    await expect(fetching).rejects.toMatchObject({ code: 'api.invalid_argument', data: { field } });
    expect(http.asked).toEqual([]);
  });
});

describe('GetLimits', () => {
  it('shows every key that is not idle, or the one that is asked for', async () => {
    const { api, limiter, clock } = open();
    for (const key of ['b', 'a']) limiter.tryAcquire(key);
    limiter.delay('a', clock.now() + 500);
    void limiter.acquire('b', new AbortController().signal);
    expect((await api.getLimits({ key: '' }, call())).limits).toEqual([
      { key: 'a', waiting: 0, inFlight: 1, nextAtMs: clock.now() + 500 },
      { key: 'b', waiting: 1, inFlight: 1, nextAtMs: 0 },
    ]);
    expect((await api.getLimits({ key: 'b' }, call())).limits).toHaveLength(1);
    expect((await api.getLimits({ key: 'idle' }, call())).limits).toEqual([]);
  });
});

describe('breakers', () => {
  const POLICY = { failures: 1, openMs: 20_000 };

  async function broken(...keys: readonly string[]) {
    const opened = open();
    for (const key of keys) {
      const grant = await opened.breakers.acquire(key, POLICY);
      if (grant.granted) await opened.breakers.report(key, grant.token, 'failure');
    }
    return opened;
  }

  it('are shown while they are not closed, all or the one that is asked for', async () => {
    const { api, breakers, clock } = await broken('b', 'a');
    const trialAtMs = clock.now() + POLICY.openMs;
    const shown = async (key: string) => (await api.getLimits({ key }, call())).breakers;
    expect(await shown('')).toEqual([
      { key: 'a', position: BreakerPosition.OPEN, trialAtMs },
      { key: 'b', position: BreakerPosition.OPEN, trialAtMs },
    ]);
    clock.advance(POLICY.openMs);
    await breakers.acquire('b', POLICY);
    expect(await shown('b')).toMatchObject([{ key: 'b', position: BreakerPosition.HALF_OPEN, trialAtMs: 0 }]);
    expect(await shown('other')).toEqual([]);
  });

  it('are closed by hand, which is told once', async () => {
    const { api, breakers, events } = await broken('a');
    expect(await api.resetBreaker({ key: 'a' }, call())).toEqual({ wasOpen: true });
    expect(await api.resetBreaker({ key: 'a' }, call())).toEqual({ wasOpen: false });
    expect(await breakers.acquire('a', POLICY)).toMatchObject({ granted: true });
    expect(events).toMatchObject([{ type: 'BreakerClosed', runId: '', data: { key: 'a' } }]);
  });

  it('must be named to be closed', async () => {
    const { api } = open();
    for (const key of ['', 'k'.repeat(201)]) {
      const resetting = api.resetBreaker({ key }, call());
      await expect(resetting).rejects.toMatchObject({ code: 'api.invalid_argument', data: { field: 'key' } });
    }
  });
});
