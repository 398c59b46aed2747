import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { computeStep, defineModule } from '../index.ts';
import { shop } from './shop.fixture.ts';

const input = { query: 'tea' };

describe('a test of a fetch step', () => {
  it('answers its requests, hops and items, without network', async () => {
    const body = '<a data-sku="a1">one</a><a data-sku="b2">two</a>';
    expect(await shop.test('list', { input, state: { page: 1 }, body })).toEqual({
      requests: [{ url: 'https://shop.test/s?q=tea&p=1' }],
      hops: [
        { step: 'detail', state: { sku: 'a1' } },
        { step: 'detail', state: { sku: 'b2' } },
        { step: 'list', state: { page: 2 } },
      ],
      items: [],
      drops: [],
    });
    const { items } = await shop.test('detail', { input, state: { sku: 'a1' }, body: '<b class="price">9.50</b>' });
    expect(items).toEqual([{ type: 'product', data: { sku: 'a1', price: 9.5 } }]);
  });

  it('applies the defaults of the input', async () => {
    expect((await shop.test('list', { input, state: { page: 3 }, body: '' })).hops).toEqual([]);
    expect(
      (await shop.test('list', { input: { ...input, pages: 4 }, state: { page: 3 }, body: '' })).hops,
    ).toHaveLength(1);
  });

  it('makes only the requests when there is no page', async () => {
    const { requests, hops } = await shop.test('list', { input, state: { page: 9 } });
    expect(requests).toEqual([{ url: 'https://shop.test/s?q=tea&p=9' }]);
    expect(hops).toEqual([]);
  });

  it('rejects as a run would fail', async () => {
    const state = { sku: 'a1' };
    await expect(shop.test('detail', { input, state, body: 'sold out' })).resolves.toMatchObject({
      items: [{ data: { price: 0 } }],
    });
    await expect(shop.test('detail', { input, state, body: '<b class=price>n/a' })).rejects.toMatchObject({
      code: 'module.wrong_item',
    });
    await expect(
      shop.test('detail', { input, state, status: 429, headers: { 'Retry-After': '7' } }),
    ).rejects.toMatchObject({
      code: 'download.status',
      retryAfterMs: 7_000,
    });
  });

  it('rejects a wrong input, a wrong state and an unknown step', async () => {
    await expect(shop.test('list', { input: {}, state: { page: 1 } } as never)).rejects.toMatchObject({
      code: 'module.wrong_input',
      data: { issues: [{ path: 'query', got: 'nothing' }] },
    });
    await expect(shop.test('list', { input, state: {} } as never)).rejects.toMatchObject({
      code: 'module.wrong_state',
    });
    await expect(shop.test('lst' as 'list', { input } as never)).rejects.toMatchObject({
      code: 'module.unknown_step',
      remedy: 'there are start, list, detail',
    });
  });

  it('runs the start too', async () => {
    expect((await shop.test('start', { input })).hops).toEqual([{ step: 'list', state: { page: 1 } }]);
  });
});

const probe = defineModule({
  name: 'probe',
  version: '1.0.0',
  input: z.object({}),
  steps: { ask: z.object({}), report: computeStep() },
  items: { answer: z.object({ score: z.number() }), total: z.object({ sum: z.number(), failed: z.number() }) },
  phases: [['ask'], ['report']],
}).implement({
  start: ({ go }) => [go.ask({})],
  steps: {
    ask: {
      request: ({ account }) => ({ url: 'https://api.test/v1', headers: { 'x-account': account } }),
      expect: { type: 'json' },
      *parse({ json, put, drop, retry, go, url, bytes, status }) {
        const answers = z.object({ scores: z.array(z.number()), busy: z.boolean().optional() }).parse(json);
        for (const score of answers.scores) {
          if (score < 0) yield drop('negative score', { score, url, status, bytes: bytes.length });
          else yield put.answer({ score });
        }
        yield go.report({}, { key: 'once' });
        if (answers.busy) yield retry('busy', { afterMs: 100 });
        if (answers.scores.length > 2) for (;;) yield drop('endless');
      },
    },
    report: {
      async *run({ items, failures, put }) {
        let sum = 0;
        for await (const { score } of items('answer')) sum += score;
        for await (const row of items()) if (row.type === 'total') sum += row.data.sum;
        let failed = 0;
        for await (const _ of failures()) failed += 1;
        yield put.total({ sum, failed });
      },
    },
  },
});

describe('a test', () => {
  it('takes JSON, bytes, an account and an address', async () => {
    const json = { scores: [1, -1] };
    const result = await probe.test('ask', { json, account: 'me', url: 'https://api.test/v1?redirected' });
    expect(result).toEqual({
      requests: [{ url: 'https://api.test/v1', headers: { 'x-account': 'me' } }],
      hops: [{ step: 'report', state: {}, key: 'once' }],
      items: [{ type: 'answer', data: { score: 1 } }],
      drops: [
        {
          reason: 'negative score',
          data: { score: -1, url: 'https://api.test/v1?redirected', status: 200, bytes: 17 },
        },
      ],
    });
    const body = Buffer.from(JSON.stringify(json));
    const headers = { 'Content-Type': 'application/json' };
    expect((await probe.test('ask', { body, headers })).items).toHaveLength(1);
    expect((await probe.test('ask', { body: JSON.stringify(json) })).items).toHaveLength(1);
    await expect(probe.test('ask', { body: '<p>' })).rejects.toMatchObject({ code: 'parse.unexpected_page' });
  });

  it('keeps nothing but a retry, as a run does', async () => {
    expect(await probe.test('ask', { json: { scores: [1], busy: true } })).toEqual({
      requests: [expect.anything()],
      hops: [],
      items: [],
      drops: [],
      retry: { reason: 'busy', afterMs: 100 },
    });
  });

  it('ends when a step does not', async () => {
    await expect(probe.test('ask', { json: { scores: [1, 2, 3] } })).rejects.toMatchObject({
      code: 'module.endless_step',
    });
  });

  it('gives a compute step the items and failures of earlier phases', async () => {
    const failure = { step: 'ask', reason: 'failed', code: 'parse.threw', message: 'x' };
    const { items } = await probe.test('report', {
      items: [
        { type: 'answer', data: { score: 2 } },
        { type: 'answer', data: { score: 3 } },
        { type: 'total', data: { sum: 10, failed: 0 } },
      ],
      failures: [failure],
    });
    expect(items).toEqual([{ type: 'total', data: { sum: 15, failed: 1 } }]);
    expect((await probe.test('report', {})).items).toEqual([{ type: 'total', data: { sum: 0, failed: 0 } }]);
  });
});
