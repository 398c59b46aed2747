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
  log: console,
};
const page = { url: 'https://a.test/', status: 200, headers: { 'content-type': 'text/html' }, body: Buffer.from('') };

function moduleWith(parse: Parse, run: Run = () => []): ModuleDefinition {
  const request = () => 'https://a.test/';
  return contract.implement({
    start: ({ go }) => [go.list({ page: '1' })],
    steps: { list: { request, parse }, detail: { request, parse: () => [] }, report: { run } },
  });
}

const opening = { partials: () => none(), revision: 1, isEarly: false };
const parsed = (parse: Parse) => collect(() => moduleWith(parse).parse(0, { ...call, page }));
const ran = (run: Run) =>
  collect(() =>
    moduleWith(() => [], run).compute(2, { ...call, items: () => none(), failures: () => none(), ...opening }),
  );

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

describe('an author who breaks the rules of generators', () => {
  const wrong = (parse: (context: Loose) => unknown) => parsed(parse as unknown as Parse);
  type Loose = Record<'go' | 'put', Record<string, (...args: unknown[]) => unknown>> &
    Record<'drop' | 'retry' | 'charge', (...args: unknown[]) => unknown>;
  const fail = () => {
    throw new RangeError('no');
  };
  const item = (context: Loose) => context.put.product!({ price: 1 });

  it.each<[string, string, (context: Loose) => unknown]>([
    [
      'returns an emission from a generator',
      'which goes nowhere',
      // biome-ignore lint/correctness/useYield: that is the mistake
      function* (context) {
        return item(context);
      },
    ],
    [
      'returns a list from a generator',
      'returned an array',
      // biome-ignore lint/correctness/useYield: that is the mistake
      function* (context) {
        return [item(context)];
      },
    ],
    [
      'returns a promise from a generator',
      'returned a promise',
      // biome-ignore lint/correctness/useYield: that is the mistake
      function* () {
        return Promise.reject(new Error('x'));
      },
    ],
    [
      'returns an emission from an async generator',
      'which goes nowhere',
      // biome-ignore lint/correctness/useYield: that is the mistake
      async function* (context) {
        return item(context);
      },
    ],
    ['is async and no generator', 'returned a promise', async (context) => [item(context)]],
    [
      'returns an iterator that is none',
      'its iterator returned nothing',
      () => ({ [Symbol.iterator]: () => undefined }),
    ],
    [
      'returns an iterator that answers nothing',
      'next() of its iterator',
      () => ({ [Symbol.iterator]: () => ({ next: () => 5 }) }),
    ],
    [
      'returns an async iterator that answers nothing',
      'next() of its iterator',
      () => ({ [Symbol.asyncIterator]: () => ({ next: async () => null }) }),
    ],
  ])('%s', async (_name, message, parse) => {
    await expect(wrong(parse)).rejects.toMatchObject({
      code: 'module.wrong_return',
      class: 'fatal',
      message: expect.stringContaining(message),
      remedy: expect.stringMatching(/./),
    });
  });

  it.each<[string, (context: Loose) => unknown]>([
    [
      'yields a promise that rejects',
      function* () {
        yield Promise.reject(new RangeError('no'));
      },
    ],
    [
      'yields one in an async generator',
      async function* () {
        yield Promise.reject(new RangeError('no'));
      },
    ],
    [
      'yields something that only looks like a promise',
      function* () {
        yield Object.fromEntries([['then', fail]]);
      },
    ],
    [
      'awaits a promise that rejects',
      async function* () {
        await Promise.reject(new RangeError('no'));
        yield 1;
      },
    ],
    [
      'has an iterator that throws',
      () => ({
        get [Symbol.iterator]() {
          return fail();
        },
      }),
    ],
    ['has an iterator that cannot be opened', () => ({ [Symbol.iterator]: fail })],
    [
      'has a result that cannot be read',
      () => ({
        [Symbol.iterator]: () => ({
          next: () => ({
            get done() {
              return fail();
            },
          }),
        }),
      }),
    ],
    ['has an async iterator that cannot be opened', () => ({ [Symbol.asyncIterator]: fail })],
  ])('%s: that is what it threw', async (_name, parse) => {
    await expect(wrong(parse)).rejects.toMatchObject({
      code: 'parse.threw',
      message: expect.stringContaining('threw RangeError: no'),
    });
  });

  it.each<[string, (context: Loose) => unknown]>([
    [
      'a generator',
      function* () {
        try {
          yield 5;
        } finally {
          fail();
        }
      },
    ],
    [
      'an async generator',
      async function* () {
        try {
          yield 5;
        } finally {
          fail();
        }
      },
    ],
  ])('throws in a finally of %s: the first error is told', async (_name, parse) => {
    await expect(wrong(parse)).rejects.toMatchObject({ code: 'module.wrong_yield' });
  });

  it("and yields after the end of the engine's patience, in a finally, is not heard", async () => {
    const endless = wrong(function* (context) {
      try {
        yield 5;
      } finally {
        for (;;) yield item(context);
      }
    });
    await expect(endless).rejects.toMatchObject({ code: 'module.wrong_yield' });
  });

  it('makes an emission in an async generator and does not yield it, before or after a wait', async () => {
    const late = wrong(async function* (context) {
      yield item(context);
      await new Promise((resolve) => setImmediate(resolve));
      item(context);
    });
    await expect(late).rejects.toMatchObject({ code: 'module.not_yielded', data: { count: 1 } });
    await expect(
      wrong(async function* (context) {
        item(context);
        yield item(context);
      }),
    ).rejects.toMatchObject({ code: 'module.not_yielded', data: { count: 1 } });
  });

  it('makes several at once in an async generator and yields all: nothing is missed', async () => {
    const all = async function* (context: Loose) {
      yield* await Promise.all([1, 2, 3].map(async () => item(context)));
    };
    const [one, other] = await Promise.all([wrong(all), wrong(all)]);
    expect([one, other].map(({ length }) => length)).toEqual([3, 3]);
  });

  it.each<[string, string, unknown]>([
    ['nothing', 'yielded nothing', undefined],
    ['null', 'yielded null', null],
    ['a number', 'yielded a number', 7],
    ['a function', 'yielded a function', () => 1],
    ['an error', 'yielded an Error', new Error('x')],
    ['a symbol', 'yielded a symbol', Symbol('s')],
    ['a bigint', 'yielded a bigint', 1n],
  ])('yields %s', async (_name, message, value) => {
    const sync = wrong(function* () {
      yield value;
    });
    const async = wrong(async function* () {
      yield value;
    });
    const refused = { code: 'module.wrong_yield', class: 'fatal', message: expect.stringContaining(message) };
    await expect(sync).rejects.toMatchObject(refused);
    await expect(async).rejects.toMatchObject(refused);
  });
});

describe('the arguments of a builder', () => {
  type Loose = Record<'go' | 'put', Record<string, (...args: unknown[]) => never>> &
    Record<'drop' | 'retry' | 'charge', (...args: unknown[]) => never>;
  const wrong = (make: (context: Loose) => never) => parsed(((context: Loose) => [make(context)]) as unknown as Parse);
  const epochLike = 1_800_000_002_000;

  it.each<[string, string, (context: Loose) => never]>([
    [
      'a retry at a time',
      'this looks like a point in time, not a duration',
      ({ retry }) => retry('x', { afterMs: epochLike }),
    ],
    ['a retry after more than 30 days', 'at most 2592000000 (30 days)', ({ retry }) => retry('x', { afterMs: 3e9 })],
    ['a retry without end', 'afterMs is Infinity', ({ retry }) => retry('x', { afterMs: Number.POSITIVE_INFINITY })],
    ['a retry after a text', 'afterMs is string', ({ retry }) => retry('x', { afterMs: '5000' })],
    ['a retry after a bigint', 'afterMs is bigint', ({ retry }) => retry('x', { afterMs: 5n })],
    ['a retry after a Date', 'afterMs is Date', ({ retry }) => retry('x', { afterMs: new Date() })],
    ['a retry with a number as its options', 'its options are number', ({ retry }) => retry('x', 5_000)],
    ['a retry with a misspelt option', 'there is no option after;', ({ retry }) => retry('x', { after: 5 })],
    ['a hop with a misspelt option', 'there is no option kye;', ({ go }) => go.list!({ page: '1' }, { kye: 'a' })],
    ['a hop with a key as its options', 'its options are string', ({ go }) => go.list!({ page: '1' }, 'a')],
    ['a key of five million characters', '1 to 4096', ({ go }) => go.list!({ page: '1' }, { key: 'k'.repeat(5e6) })],
    ['a key that is a symbol', '1 to 4096', ({ go }) => go.list!({ page: '1' }, { key: Symbol('k') })],
    ['a reason of five million characters', 'has 5000000 characters', ({ drop }) => drop('x'.repeat(5e6))],
    ['a reason that is an error', 'give a reason', ({ drop }) => drop(new Error('x'))],
    ['a charge that is a bigint', 'not bigint', ({ charge }) => charge(5n)],
  ])('are refused: %s', async (_name, message, make) => {
    await expect(wrong(make)).rejects.toMatchObject({
      code: 'module.wrong_argument',
      class: 'fatal',
      message: expect.stringContaining(message),
    });
  });

  it('may be NaN because of the page, which another download may mend', async () => {
    await expect(wrong(({ retry }) => retry('x', { afterMs: Number.NaN }))).rejects.toMatchObject({
      class: 'retryable',
    });
    await expect(wrong(({ charge }) => charge(Number.NaN))).rejects.toMatchObject({ class: 'retryable' });
  });

  it.each<[string, (context: Loose) => never, string]>([
    ['a bigint', ({ put }) => put.loose!({ id: 1n }), 'fatal'],
    ['a Date', ({ put }) => put.loose!({ at: new Date() }), 'fatal'],
    ['a function', ({ put }) => put.loose!({ f: () => 1 }), 'fatal'],
    ['a Map', ({ put }) => put.loose!(new Map()), 'fatal'],
    ['itself', ({ put }) => put.loose!(circular()), 'fatal'],
    ['NaN', ({ put }) => put.loose!({ n: Number.NaN }), 'retryable'],
    ['undefined in a list', ({ put }) => put.loose!([undefined]), 'retryable'],
    ['a field that its schema refuses', ({ put }) => put.product!({ price: 'n/a' }), 'retryable'],
  ])('that hold %s are a mistake that a page can mend, or not', async (_name, make, failureClass) => {
    await expect(wrong(make)).rejects.toMatchObject({
      code: 'module.wrong_item',
      class: failureClass,
      data: { issues: [{ path: expect.any(String) }] },
    });
  });

  it('that are too large are refused by name', async () => {
    const large = 'x'.repeat(2 * 1_024 * 1_024);
    await expect(wrong(({ put }) => put.loose!({ large }))).rejects.toMatchObject({ code: 'module.item_too_large' });
    await expect(wrong(({ go }) => go.list!({ page: large }))).rejects.toMatchObject({
      code: 'module.state_too_large',
    });
    await expect(wrong(({ drop }) => drop('x', { large }))).rejects.toMatchObject({ code: 'module.item_too_large' });
  });
});

function circular(): object {
  const self: Record<string, unknown> = {};
  self.self = self;
  return self;
}

it.each<[string, unknown]>([
  ['answers nothing', undefined],
  ['answers a text', 'no'],
  ['answers issues that are no list', { issues: 5 }],
  ['answers issues without messages', { issues: [{}] }],
  ['answers issues that are null', { issues: [null] }],
  ['answers issues whose message is a bigint', { issues: [{ message: 5n }] }],
])('a schema by hand that %s is a wrong item, not a failure of the engine', async (_name, result) => {
  const schema = { '~standard': { version: 1, vendor: 'test', validate: () => result } } as unknown as StandardSchemaV1;
  const module = defineModule({
    name: 'odd',
    version: '1.0.0',
    input: z.object({}),
    steps: { list: z.object({}) },
    items: { odd: schema },
  }).implement({
    start: ({ go }) => [go.list()],
    steps: { list: { request: () => 'https://a.test/', parse: ({ put }) => [put.odd({} as never)] } },
  });
  await expect(collect(() => module.parse(0, { ...call, page }))).rejects.toMatchObject({ code: 'module.wrong_item' });
});

describe('a function that is called without waiting', () => {
  const contract = defineModule({ name: 'sync', version: '1.0.0', input: z.object({}), steps: { list: z.object({}) } });
  type Steps = Parameters<typeof contract.implement>[0]['steps']['list'];
  const moduleOf = (functions: object): ModuleDefinition =>
    contract.implement({
      start: ({ go }) => [go.list()],
      steps: { list: { request: () => 'https://a.test/', parse: () => [], ...functions } as Steps },
    });
  const facts = {
    input: {},
    account: 'a',
    platform: 'p',
    runId: 'r',
    acceptedAtMs: undefined,
    deadlineAtMs: undefined,
  };

  const late = () => Promise.reject(new Error('x'));

  it.each<[string, unknown, RegExp]>([
    ['a promise', late, /returned a promise/],
    ['true', true, /returned a boolean/],
    ['a number', 7, /returned a number/],
    ['an error', new Error('x'), /returned an Error/],
  ])('and decides about a page must not answer %s', async (_name, answer, message) => {
    const module = moduleOf({ expect: { check: () => (answer === late ? late() : answer) } });
    await expect(collect(() => module.parse(0, { ...call, page }))).rejects.toMatchObject({
      code: 'module.wrong_return',
      class: 'fatal',
      message: expect.stringMatching(message),
    });
  });

  it('may answer that a page is good in any of the usual ways', async () => {
    for (const answer of [undefined, null, false, '']) {
      const module = moduleOf({ expect: { check: () => answer } });
      expect(await collect(() => module.parse(0, { ...call, page }))).toEqual([]);
    }
  });

  it.each<[string, unknown]>([
    ['a promise', Promise.resolve(2)],
    ['nothing', undefined],
    ['null', null],
    ['zero', 0],
    ['a fraction', 1.5],
    ['NaN', Number.NaN],
    ['infinity', Number.POSITIVE_INFINITY],
    ['a text', '2'],
    ['a bigint', 2n],
  ])('and limits a step must not answer %s', (_name, answer) => {
    const module = moduleOf({ concurrency: () => answer });
    expect(() => module.runConcurrency?.(0, facts)).toThrow(
      expect.objectContaining({
        code: 'module.wrong_concurrency',
        class: 'fatal',
        remedy: expect.stringContaining('whole'),
      }),
    );
  });

  it('and gives up must still be a generator', async () => {
    const error = { code: 'download.timeout', message: 'm', data: {}, cost: 0 };
    for (const answer of [Promise.resolve([]), undefined, 5]) {
      const module = moduleOf({ givenUp: () => answer });
      await expect(collect(() => module.givenUp!(0, { ...call, error })!)).rejects.toMatchObject({
        code: 'module.wrong_return',
      });
    }
  });
});
