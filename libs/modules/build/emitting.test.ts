import type { StandardSchemaV1 } from '@standard-schema/spec';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Emission, Emissions, ModuleDefinition } from '../contract/definition.ts';
import { computeStep, defineModule } from '../index.ts';

/** A schema that answers in a later turn, as one that asks a database would. */
const slowSku: StandardSchemaV1<{ sku: string }> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: async (value) => z.object({ sku: z.string() })['~standard'].validate(value),
  },
};

const contract = defineModule({
  name: 'probe',
  version: '1.0.0',
  input: z.object({}),
  steps: {
    list: z.object({ page: z.string().transform(Number) }),
    detail: slowSku,
    report: computeStep(),
  },
  items: { product: z.object({ price: z.coerce.number() }), slow: slowSku, loose: z.any() },
  phases: [['list', 'detail'], ['report']],
});

type Parse = Parameters<typeof contract.implement>[0]['steps']['list']['parse'];
type Run = Parameters<typeof contract.implement>[0]['steps']['report']['run'];

const call = {
  input: {},
  state: {},
  account: 'a',
  platform: 'p',
  runId: 'r',
  signal: new AbortController().signal,
};
const page = { url: 'https://a.test/', status: 200, headers: { 'content-type': 'text/html' }, body: Buffer.from('') };

function moduleWith(parse: Parse, run: Run = () => []): ModuleDefinition {
  const request = () => 'https://a.test/';
  return contract.implement({
    start: ({ go }) => [go.list({ page: '1' })],
    steps: { list: { request, parse }, detail: { request, parse: () => [] }, report: { run } },
  });
}

const parsed = (parse: Parse) => collect(() => moduleWith(parse).parse(0, { ...call, page }));
const ran = (run: Run) =>
  collect(() => moduleWith(() => [], run).compute(2, { ...call, items: () => none(), failures: () => none() }));

async function collect(emissions: () => Emissions): Promise<Emission[]> {
  const all: Emission[] = [];
  for await (const emission of emissions()) all.push(emission);
  return all;
}

async function* none(): AsyncGenerator<never, void> {}

describe('what a step yields', () => {
  it('comes out in order: hops, items, drops, charges and retries', async () => {
    const emissions = await parsed(function* ({ go, put, drop, charge, retry }) {
      yield go.list({ page: '2' }, { key: 'second' });
      yield put.product({ price: '9.50' });
      yield drop('sold out', { sku: 'a' });
      yield charge(0.25);
      yield retry('captcha', { afterMs: 5_000 });
    });
    expect(emissions).toEqual([
      expect.objectContaining({ kind: 'hop', step: 0, state: { page: '2' }, key: 'second' }),
      expect.objectContaining({ kind: 'item', type: 'product', data: { price: 9.5 } }),
      expect.objectContaining({ kind: 'drop', reason: 'sold out', data: { sku: 'a' } }),
      expect.objectContaining({ kind: 'charge', amount: 0.25 }),
      expect.objectContaining({ kind: 'retry', reason: 'captcha', afterMs: 5_000 }),
    ]);
  });

  it('may come from an async generator, and through schemas that answer later', async () => {
    const emissions = await parsed(async function* ({ go, put }) {
      yield go.detail({ sku: 'a' });
      yield put.slow({ sku: 'b' });
    });
    expect(emissions).toMatchObject([
      { step: 1, state: { sku: 'a' } },
      { type: 'slow', data: { sku: 'b' } },
    ]);
  });

  it('may come from an ordinary generator with such schemas too, or from a list', async () => {
    const yielded = await parsed(function* ({ go }) {
      yield go.detail({ sku: 'a' });
    });
    expect(yielded).toMatchObject([{ state: { sku: 'a' } }]);
    expect(await parsed(({ put }) => [put.product({ price: 1 }), put.product({ price: 2 })])).toHaveLength(2);
  });

  it('keeps the state as given, for the receiver to transform it once', async () => {
    const [hop] = await parsed(({ go }) => [go.list({ page: '7' })]);
    const state = (hop as { state: unknown }).state;
    expect(state).toEqual({ page: '7' });
    expect(await moduleWith(() => []).steps[0]?.checkState(state)).toEqual({ page: 7 });
  });

  it('does not follow later changes of the yielded object', async () => {
    const emissions = await parsed(function* ({ go, put }) {
      const state = { page: '1' };
      yield go.list(state);
      state.page = '2';
      yield go.list(state);
      const loose = { list: [1] };
      yield put.loose(loose);
      loose.list.push(2);
    });
    expect(emissions).toMatchObject([{ state: { page: '1' } }, { state: { page: '2' } }, { data: { list: [1] } }]);
  });

  it('hops to a compute step with an empty state', async () => {
    expect(await parsed(({ go }) => [go.report()])).toMatchObject([{ step: 2, state: {} }]);
  });
});

describe('a wrong emission', () => {
  const wrong = (parse: (context: Loose) => unknown) => parsed(parse as unknown as Parse);
  type Loose = {
    go: Record<string, (...args: unknown[]) => never>;
    put: Record<string, (...args: unknown[]) => never>;
    drop: (...args: unknown[]) => never;
    retry: (...args: unknown[]) => never;
    charge: (...args: unknown[]) => never;
  };

  it('is a retryable failure of a parser, because the page may be malformed', async () => {
    await expect(wrong(({ go }) => [go.list!({ page: 1 })])).rejects.toMatchObject({
      code: 'module.wrong_state',
      class: 'retryable',
      message: expect.stringContaining('parse of step "list" of probe@1.0.0 made a hop to "list"'),
      data: { issues: [{ path: 'page', got: 'number' }] },
    });
    await expect(wrong(({ put }) => [put.product!({ price: 'n/a' })])).rejects.toMatchObject({
      code: 'module.wrong_item',
      class: 'retryable',
      data: { type: 'product', issues: [{ path: 'price', got: 'string' }] },
    });
  });

  it('is a fatal failure of a compute step, which sees no page', async () => {
    await expect(ran(({ put }) => [put.product({ price: 'n/a' })])).rejects.toMatchObject({
      code: 'module.wrong_item',
      class: 'fatal',
    });
  });

  it('is found by schemas that answer later, yielded or not', async () => {
    await expect(wrong(({ go }) => [go.detail!({ sku: 1 })])).rejects.toMatchObject({ code: 'module.wrong_state' });
    const thrown = parsed(function* ({ put }) {
      put.slow({ sku: 1 } as never);
      yield put.product({ price: 1 });
      throw new Error('first');
    });
    await expect(thrown).rejects.toMatchObject({ code: 'parse.threw' });
  });

  it.each<[string, unknown]>([
    ['toISOString', { at: new Date() }],
    ['a bigint', { id: 1n }],
    ['NaN', { n: Number.NaN }],
    ['a function', () => 1],
  ])('is one that JSON would change: %s', async (message, data) => {
    await expect(wrong(({ put }) => [put.loose!(data)])).rejects.toMatchObject({
      code: 'module.wrong_item',
      message: expect.stringContaining(message),
    });
  });

  it('goes to a step or an item that does not exist', async () => {
    await expect(wrong(({ go }) => [go.lst!({})])).rejects.toMatchObject({
      code: 'module.unknown_step',
      remedy: 'the contract declares list, detail, report',
    });
    await expect(wrong(({ put }) => [put.produkt!({})])).rejects.toMatchObject({ code: 'module.unknown_item' });
    await expect(wrong(({ go }) => [(go.toString as () => never)()])).rejects.toMatchObject({
      code: 'module.unknown_step',
    });
  });

  it('goes back to an earlier phase', async () => {
    await expect(ran(({ go }) => [go.list({ page: '1' })])).rejects.toMatchObject({
      code: 'module.backward_hop',
      class: 'fatal',
      message: expect.stringContaining('run of step "report" of probe@1.0.0 is in phase 1'),
    });
  });

  it.each<[string, (context: Loose) => unknown]>([
    ['a key that is empty', ({ go }) => go.list!({ page: '1' }, { key: '' })],
    ['a charge of less than nothing', ({ charge }) => charge(-1)],
    ['a charge that is no number', ({ charge }) => charge('1')],
    ['a charge without end', ({ charge }) => charge(Number.POSITIVE_INFINITY)],
    ['a drop without a reason', ({ drop }) => drop()],
    ['a retry without a reason', ({ retry }) => retry('')],
    ['a retry in the past', ({ retry }) => retry('x', { afterMs: -1 })],
    ['drop data that is not JSON', ({ drop }) => drop('x', { at: new Date() })],
  ])('is made with %s', async (_name, make) => {
    await expect(wrong((context) => [make(context)])).rejects.toMatchObject({ code: 'module.wrong_argument' });
  });

  it('is one that nothing here made', async () => {
    await expect(
      wrong(function* () {
        yield { kind: 'item', type: 'product', data: { price: 1 } };
      }),
    ).rejects.toMatchObject({ code: 'module.wrong_yield', message: expect.stringContaining('yielded an object') });
    await expect(wrong(() => [Promise.resolve(1)])).rejects.toMatchObject({ code: 'module.wrong_yield' });
    await expect(
      wrong(async function* ({ put }) {
        yield [put.product!({ price: 1 })];
      }),
    ).rejects.toMatchObject({ code: 'module.wrong_yield', remedy: expect.stringContaining('yield*') });
  });

  it.each<[string, () => unknown]>([
    ['nothing', () => undefined],
    ['a string', () => 'https://a.test'],
    ['a promise', async () => []],
    ['a rejected promise', () => Promise.reject(new Error('late'))],
  ])('cannot be iterated: %s', async (_name, parse) => {
    await expect(wrong(parse)).rejects.toMatchObject({
      code: 'module.wrong_return',
      remedy: expect.stringContaining('*parse'),
    });
  });

  it('is one that was made and not yielded, which would be lost in silence', async () => {
    await expect(
      parsed(function* ({ go, put, retry }) {
        go.list({ page: '2' });
        yield put.product({ price: 1 });
        retry('captcha');
      }),
    ).rejects.toMatchObject({ code: 'module.not_yielded', class: 'fatal', data: { count: 2 } });
    await expect(parsed(({ put }) => [put.product({ price: 1 })].slice(1))).rejects.toMatchObject({
      code: 'module.not_yielded',
    });
  });
});
