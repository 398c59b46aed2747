import { describe, expect, it } from 'vitest';
import type { RequestSpec } from '../contract/definition.ts';
import { guardedRequests } from './requests.ts';
import type { Site } from './site.ts';

const site: Site = { module: 'shop@1.0.0', step: 'list', call: 'request' };

async function requestsOf(answer: unknown): Promise<RequestSpec[]> {
  const requests: RequestSpec[] = [];
  for await (const request of guardedRequests(site, () => answer)) requests.push(request);
  return requests;
}

describe('the requests of a hop', () => {
  const a = { url: 'https://a.test/1' };

  it.each<[string, unknown, unknown]>([
    ['a string', 'https://a.test/1', [a]],
    ['a URL', new URL('https://a.test/1'), [a]],
    ['a request', { ...a, method: 'PUT', json: {} }, [{ ...a, method: 'PUT', json: {} }]],
    ['a list', ['https://a.test/1', a], [a, a]],
    ['nothing to ask', [], []],
    ['a set', new Set(['https://a.test/1']), [a]],
    ['a promise of one', Promise.resolve(a), [a]],
    ['a promise of a list', Promise.resolve([a]), [a]],
  ])('may be given as %s', async (_name, answer, requests) => {
    expect(await requestsOf(answer)).toEqual(requests);
  });

  it('may come from a generator, one at a time', async () => {
    let made = 0;
    function* pages() {
      for (;;) yield `https://a.test/${++made}`;
    }
    const urls: unknown[] = [];
    for await (const { url } of guardedRequests(site, pages)) if (urls.push(url) === 3) break;
    expect(urls).toEqual(['https://a.test/1', 'https://a.test/2', 'https://a.test/3']);
    expect(made).toBe(3);
  });

  it('may come from an async generator', async () => {
    async function* pages() {
      yield 'https://a.test/1';
      yield a;
    }
    expect(await requestsOf(pages())).toEqual([a, a]);
  });

  it.each<[string, unknown, string, string]>([
    ['a relative link', '/p/1', 'module.wrong_request', 'its url is "/p/1", which is not a URL'],
    ['an empty one', '', 'module.wrong_request', 'is not a URL'],
    ['a link to no web page', 'mailto:me@a.test', 'module.wrong_request', 'is mailto:, not http'],
    ['a file', { url: new URL('file:///etc/passwd') }, 'module.wrong_request', 'is file:, not http'],
    ['a request without a URL', { method: 'POST' }, 'module.wrong_yield', 'not a URL or a request'],
    ['a list within a list', [[a]], 'module.wrong_yield', 'yielded an array'],
    ['a promise in a list', [Promise.resolve(a)], 'module.wrong_yield', 'yielded a promise'],
    ['a function', [() => a], 'module.wrong_yield', 'yielded a function'],
    ['nothing in a list', [undefined], 'module.wrong_yield', 'yielded nothing'],
    ['null in a list', [null], 'module.wrong_yield', 'yielded null'],
    ['nothing', undefined, 'module.wrong_return', 'returned nothing'],
    ['a number', 1, 'module.wrong_return', 'returned a number'],
    ['a function alone', () => a, 'module.wrong_return', 'returned a function'],
    ['a proxy that refuses everything', [new Proxy({}, refusing())], 'module.wrong_yield', 'cannot be read'],
  ])('are refused if there is %s among them', async (_name, answer, code, message) => {
    await expect(requestsOf(answer)).rejects.toMatchObject({
      code,
      class: 'fatal',
      message: expect.stringContaining(message),
    });
  });
});

/** Every trap of a proxy throws. */
function refusing(): ProxyHandler<object> {
  const get = () => () => {
    throw new Error('the trap');
  };
  return new Proxy({}, { get });
}

const circular: Record<string, unknown> = { name: 'x' };
circular.list = [circular];

const throwing = () => {
  throw new RangeError('no');
};

class Money {
  amount = 5;
}

describe('a field of a request that cannot be sent is refused by its name, with a remedy', () => {
  const cases: [Record<string, unknown>, string, string][] = [
    // url
    [{ url: 7 }, 'url', 'its url is number'],
    [{ url: null }, 'url', 'its url is null'],
    [{ url: 5n }, 'url', 'its url is bigint'],
    [{ url: `https://a.test/${'x'.repeat(70_000)}` }, 'url', 'its url is of 70015 characters'],
    [
      {
        get url() {
          return throwing();
        },
      },
      'url',
      'reading it threw RangeError: no',
    ],
    // json
    [{ json: { id: 1n } }, 'json.id', 'its json.id is not JSON: a bigint'],
    [{ json: circular }, 'json.list[0]', 'it refers to itself'],
    [{ json: { tags: [1, () => 1] } }, 'json.tags[1]', 'a function is not JSON'],
    [{ json: { s: Symbol('s') } }, 'json.s', 'a symbol is not JSON'],
    [{ json: { price: Number.NaN } }, 'json.price', 'NaN'],
    [{ json: { at: new Date() } }, 'json.at', 'toISOString'],
    [{ json: new Map([['a', 1]]) }, 'json', 'Object.fromEntries'],
    [{ json: { cost: new Money() } }, 'json.cost', 'a Money is not JSON'],
    [{ json: { bytes: new Uint8Array(2) } }, 'json.bytes', 'base64'],
    [{ json: { numbers: new Float32Array(2) } }, 'json.numbers', 'Array.from'],
    [{ json: { later: Promise.resolve(1) } }, 'json.later', 'await it first'],
    [
      {
        json: {
          get price() {
            return throwing();
          },
        },
      },
      'json.price',
      'reading it threw RangeError: no',
    ],
    [{ json: new Proxy({}, refusing()) }, 'json', 'reading it threw'],
    [{ json: { ['k'.repeat(5_000_000)]: 1 } }, 'json', 'too large'],
    [{ json: new Array(1e8) }, 'json', 'too large'],
    // form
    [{ form: { page: undefined, tags: ['a', 'b'] } }, 'form.tags', 'its form.tags is array'],
    [{ form: { at: new Date() } }, 'form.at', 'is Date'],
    [{ form: { n: Number.NaN } }, 'form.n', 'is NaN'],
    [{ form: new URLSearchParams('a=1') }, 'form', 'is URLSearchParams'],
    [{ form: new Map([['a', '1']]) }, 'form', 'is Map'],
    [{ form: 'a=1' }, 'form', 'is string'],
    // headers
    [{ headers: { 'x-id': 'a\r\nhost: b' } }, 'headers.x-id', 'which a header cannot hold'],
    [{ headers: { 'x-id': 'a\0' } }, 'headers.x-id', 'which a header cannot hold'],
    [{ headers: { 'x-name': 'Łódź' } }, 'headers.x-name', 'which a header cannot hold'],
    [{ headers: { 'x name': 'a' } }, 'headers["x name"]', 'no name of a header'],
    [{ headers: { '': 'a' } }, 'headers[""]', 'no name of a header'],
    [{ headers: { 'x-id': 7 } }, 'headers.x-id', 'is number'],
    [{ headers: { 'x-id': null } }, 'headers.x-id', 'is null'],
    [{ headers: { 'x-id': 'a'.repeat(70_000) } }, 'headers', 'more than 65536 characters'],
    [{ headers: new Headers({ a: 'b' }) }, 'headers', 'is Headers'],
    [{ headers: [['a', 'b']] }, 'headers', 'is array'],
    [{ headers: 'a: b' }, 'headers', 'is string'],
    // body
    [{ body: 7 }, 'body', 'is number'],
    [{ body: { a: 1 } }, 'body', 'is object'],
    [{ body: new ArrayBuffer(2) }, 'body', 'is ArrayBuffer'],
    [{ body: new Float64Array(2) }, 'body', 'is Float64Array'],
    [{ body: new ReadableStream() }, 'body', 'is ReadableStream'],
    [{ body: Promise.resolve('x') }, 'body', 'is promise'],
    [{ body: 'x'.repeat(5_000_000) }, 'body', 'is of 5000000 characters'],
    [{ json: {}, form: {} }, '', 'it has json and form'],
    // method
    [{ method: 'PSOT' }, 'method', 'is "PSOT"'],
    [{ method: 'GET\r\nx: y' }, 'method', 'its method is "GET'],
    [{ method: 'CONNECT' }, 'method', 'is "CONNECT"'],
    [{ method: 7 }, 'method', 'is 7'],
    // times
    [{ timeoutMs: 0 }, 'timeoutMs', 'its timeoutMs is 0'],
    [{ timeoutMs: -1 }, 'timeoutMs', 'is -1'],
    [{ timeoutMs: Number.NaN }, 'timeoutMs', 'is NaN'],
    [{ timeoutMs: '5' }, 'timeoutMs', 'is "5"'],
    [{ timeoutMs: 5n }, 'timeoutMs', 'is 5n'],
    [{ timeoutMs: 1_800_000_002_000 }, 'timeoutMs', 'is 1800000002000'],
    [{ untilMs: 5_000 }, 'untilMs', 'is 5000'],
    [{ untilMs: 1_800_000_000 }, 'untilMs', 'is 1800000000'],
    [{ untilMs: new Date() }, 'untilMs', 'its untilMs is "2'],
    // limits, breaker, cache, cost
    [{ limits: { requestsPerSecond: -1 } }, 'limits.requestsPerSecond', 'is -1'],
    [{ limits: { concurrency: 1.5 } }, 'limits.concurrency', 'is 1.5'],
    [{ limits: { perSecond: 1 } }, 'limits.perSecond', 'is no limit'],
    [{ limits: 5 }, 'limits', 'is number'],
    [{ limitKey: '' }, 'limitKey', 'is ""'],
    [{ limitKey: 'k'.repeat(2_000) }, 'limitKey', 'of 2000 characters'],
    [{ breaker: 'a.test' }, 'breaker', 'it is not an object with a key'],
    [{ breaker: { key: '' } }, 'breaker', 'its key is not a text'],
    [{ breaker: { key: 'a', openMs: 1_800_000_000_000 } }, 'breaker', 'its breaker is wrong'],
    [{ cache: 'forever' }, 'cache', 'is "forever"'],
    [{ cache: { scope: 'shared', ttlMs: -1 } }, 'cache', 'is {"scope":"shared","ttlMs":-1}'],
    [{ cacheKey: 7 }, 'cacheKey', 'is 7'],
    [{ session: {} }, 'session', 'is {}'],
    [{ partial: 'yes' }, 'partial', 'is "yes"'],
    [{ resendBody: 'yes' }, 'resendBody', 'is "yes"'],
    [{ untrusted: 1 }, 'untrusted', 'is 1'],
    [{ robots: 'obey' }, 'robots', 'is "obey"'],
    [{ cost: { atMost: -1 } }, 'cost', 'its cost is {"atMost":-1}'],
    [{ cost: { atMost: Number.NaN } }, 'cost', 'its cost is'],
    [{ cost: {} }, 'cost', 'its cost is {}'],
    [{ cost: null }, 'cost', 'its cost is null'],
    [{ cost: 5n }, 'cost', 'is 5n'],
    // names
    [{ heders: {} }, 'heders', 'its heders is no field of a request'],
  ];

  it.each(cases.map(([, field, message], at) => [message, field, at] as const))('%s', async (message, field, at) => {
    const fields = cases[at]![0];
    const given = Object.defineProperties({ url: 'https://a.test/1' }, Object.getOwnPropertyDescriptors(fields));
    await expect(requestsOf(given)).rejects.toMatchObject({
      code: 'module.wrong_request',
      class: 'fatal',
      message: expect.stringContaining(message),
      data: { module: 'shop@1.0.0', step: 'list', field },
      remedy: expect.stringMatching(/./),
    });
  });

  it('names the likely mistake where a time and a duration are taken for each other', async () => {
    const remedyOf = async (fields: object) =>
      (await requestsOf({ url: 'https://a.test/1', ...fields }).catch((thrown: unknown) => thrown)) as {
        remedy: string;
      };
    expect((await remedyOf({ timeoutMs: Date.now() + 2_000 })).remedy).toMatch(/at most 2592000000.*a point in time/);
    expect((await remedyOf({ untilMs: 30_000 })).remedy).toContain('this looks like a duration');
  });
});

describe('a request is a plain copy', () => {
  it('whose fields are read once', async () => {
    let reads = 0;
    const [request] = await requestsOf({
      url: 'https://a.test/1',
      get json() {
        reads += 1;
        return { reads };
      },
    });
    expect([reads, request]).toEqual([1, { url: 'https://a.test/1', json: { reads: 1 } }]);
  });

  it('that later changes of its author do not reach', async () => {
    const [json, headers, body] = [{ tags: ['a'] }, { 'x-a': '1' }, new Uint8Array([1])];
    const url = 'https://a.test/1';
    const requests = await requestsOf([
      { url, json, headers },
      { url, body },
    ]);
    json.tags.push('b');
    headers['x-a'] = '2';
    body[0] = 9;
    expect(requests).toEqual([
      { url, json: { tags: ['a'] }, headers: { 'x-a': '1' } },
      { url, body: new Uint8Array([1]) },
    ]);
  });

  it('without the fields that are undefined, and with numbers of a form as text', async () => {
    const given = { url: 'https://a.test/1', timeoutMs: undefined, form: { page: 2, all: true, q: undefined } };
    expect(await requestsOf(given)).toEqual([{ url: 'https://a.test/1', form: { page: '2', all: 'true' } }]);
  });

  it('made by other means than its own fields is refused: a Request has none', async () => {
    await expect(requestsOf(new Request('https://a.test/1'))).rejects.toMatchObject({
      code: 'module.wrong_request',
      remedy: 'give url, method, headers and body as fields of an object',
    });
  });
});
