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
    ['a URL', new URL('https://a.test/1'), [{ url: new URL('https://a.test/1') }]],
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
    ['a relative link', '/p/1', 'module.wrong_request', '"/p/1" is not a URL'],
    ['an empty one', '', 'module.wrong_request', 'is not a URL'],
    ['a link to no web page', 'mailto:me@a.test', 'module.wrong_request', 'is mailto:, not http'],
    ['a file', { url: new URL('file:///etc/passwd') }, 'module.wrong_request', 'is file:, not http'],
    ['a URL that is none', { url: 7 }, 'module.wrong_request', 'its url is number'],
    ['two bodies', { ...a, json: {}, form: {} }, 'module.wrong_request', 'it has json and form'],
    [
      'a cost of less than nothing',
      { ...a, cost: { atMost: -1 } },
      'module.wrong_request',
      'its cost is {"atMost":-1}',
    ],
    ['a cost without an amount', { ...a, cost: {} }, 'module.wrong_request', 'its cost is {}'],
    ['a cost that is nothing', { ...a, cost: null }, 'module.wrong_request', 'its cost is null'],
    ['no time at all', { ...a, timeoutMs: 0 }, 'module.wrong_request', 'its timeoutMs is 0'],
    ['a request without a URL', { method: 'POST' }, 'module.wrong_yield', 'not a URL or a request'],
    ['a list within a list', [[a]], 'module.wrong_yield', 'yielded an array'],
    ['nothing', undefined, 'module.wrong_return', 'returned nothing'],
    ['a number', 1, 'module.wrong_return', 'returned a number'],
  ])('are refused if there is %s among them', async (_name, answer, code, message) => {
    await expect(requestsOf(answer)).rejects.toMatchObject({
      code,
      class: 'fatal',
      message: expect.stringContaining(message),
    });
  });
});
