import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { CatenaError } from '../../errors/catena-error.ts';
import type { ModuleDefinition } from '../contract/definition.ts';
import { computeStep, defineModule } from '../index.ts';

type AuthorFunction = () => unknown;

const call = {
  input: {},
  state: {},
  account: 'a',
  platform: 'p',
  runId: 'r',
  signal: new AbortController().signal,
  log: console,
};
const page = { url: 'https://a.test/', status: 200, headers: {}, body: Buffer.from('') };
const opening = { partials: () => empty(), revision: 1, isEarly: false };
const join0 = { items: () => empty(), failures: () => empty(), ...opening };

async function* empty(): AsyncGenerator<never, void> {}

/** A module all of whose functions are this one. */
function moduleOf(fn: AuthorFunction): ModuleDefinition {
  const contract = defineModule({
    name: 'probe',
    version: '1.0.0',
    input: z.object({}),
    steps: { list: z.object({}), report: computeStep() },
  });
  const steps = { list: { request: fn, parse: fn }, report: { run: fn } };
  return contract.implement({ start: fn, steps } as unknown as Parameters<typeof contract.implement>[0]);
}

const CALLS: [string, string, (module: ModuleDefinition) => Iterable<unknown> | AsyncIterable<unknown>][] = [
  ['start.threw', 'fatal', (module) => module.start(call)],
  ['request.threw', 'retryable', (module) => module.request(0, call)],
  ['parse.threw', 'retryable', (module) => module.parse(0, { ...call, page })],
  ['compute.threw', 'retryable', (module) => module.compute(1, { ...call, ...join0 })],
];

const WAYS: [string, (error: unknown) => AuthorFunction][] = [
  [
    'a function',
    (error) => () => {
      throw error;
    },
  ],
  [
    'a generator',
    (error) =>
      // biome-ignore lint/correctness/useYield: it throws before its first yield
      function* () {
        throw error;
      },
  ],
  [
    'an async generator',
    (error) =>
      // biome-ignore lint/correctness/useYield: it throws before its first yield
      async function* () {
        throw error;
      },
  ],
];

async function failureOf(emissions: () => Iterable<unknown> | AsyncIterable<unknown>): Promise<unknown> {
  try {
    for await (const _ of emissions());
  } catch (thrown) {
    return thrown;
  }
  return undefined;
}

describe.each(CALLS)('%s', (code, failureClass, start) => {
  it.each(WAYS)('is what an error of %s becomes, its cause kept', async (_way, fn) => {
    const cause = new RangeError('page out of range');
    expect(await failureOf(() => start(moduleOf(fn(cause))))).toMatchObject({
      code,
      class: failureClass,
      cause,
      message: expect.stringMatching(/threw RangeError: page out of range/),
    });
  });

  it.each(WAYS)('is not what a CatenaError of %s becomes', async (_way, fn) => {
    const error = new CatenaError('brand.no_answer', 'no answer', { class: 'skip' });
    expect(await failureOf(() => start(moduleOf(fn(error))))).toBe(error);
  });

  it.each([
    ['a string', 'oops', 'threw string oops'],
    ['nothing', undefined, 'threw nothing'],
    ['null', null, 'threw null'],
    ['an object without a prototype', Object.create(null), 'threw an object {}'],
    ['an object that names its own reason', { message: 'no stock' }, 'threw Error: no stock'],
    ['an object that cannot be printed', { id: 1n }, 'threw something that cannot be read'],
    ['a proxy that refuses everything', new Proxy(new Error('x'), refusing()), 'threw something that cannot be read'],
    ['an error that cannot be read', withThrowing(['message', 'name', 'stack', 'cause']), 'threw Error'],
    ['a frozen error', Object.freeze(new RangeError('cold')), 'threw RangeError: cold'],
    ['an error that is its own cause', ownCause(), 'threw Error: round'],
    ['a stack of ten million characters', longStack(), 'threw Error: deep'],
    ['a very long message', new Error('x'.repeat(100_000)), 'xxx'],
  ])('takes %s', async (_name, thrown, message) => {
    const error = await failureOf(() => start(moduleOf(WAYS[0]![1](thrown))));
    expect(error).toMatchObject({ code, message: expect.stringContaining(message) });
    expect((error as Error).message.length).toBeLessThan(1_000);
  });
});

/** Every trap of a proxy throws. */
function refusing(): ProxyHandler<Error> {
  const get = () => () => {
    throw new Error('the trap');
  };
  return new Proxy({}, { get });
}

function withThrowing(fields: readonly string[]): Error {
  const get = () => {
    throw new Error('the getter');
  };
  return Object.defineProperties(new Error('x'), Object.fromEntries(fields.map((field) => [field, { get }])));
}

function ownCause(): Error {
  const error = new Error('round');
  error.cause = error;
  return error;
}

function longStack(): Error {
  return Object.assign(new Error('deep'), { stack: `Error: deep\n${'    at f (/x.ts:1:1)\n'.repeat(500_000)}` });
}

it('is thrown by a request that is awaited', async () => {
  const module = moduleOf(() => Promise.reject(new Error('no token')));
  expect(await failureOf(() => module.request(0, call))).toMatchObject({ code: 'request.threw', class: 'retryable' });
});

it('closes the generator of an author when the engine has had enough', async () => {
  const closed: string[] = [];
  const endless = (name: string) => ({
    *sync() {
      try {
        for (;;) yield 'https://a.test/';
      } finally {
        closed.push(name);
      }
    },
    async *async() {
      try {
        for (;;) yield 'https://a.test/';
      } finally {
        closed.push(name);
      }
    },
  });
  for await (const _ of moduleOf(endless('sync').sync).request(0, call)) break;
  for await (const _ of moduleOf(endless('async').async).request(0, call)) break;
  expect(closed).toEqual(['sync', 'async']);
});

it('refuses a step of another kind, or none at all', () => {
  const module = moduleOf(() => []);
  const unknownStep = expect.objectContaining({ code: 'module.unknown_step', class: 'fatal' });
  expect(() => module.parse(1, { ...call, page })).toThrow(unknownStep);
  expect(() => module.compute(0, { ...call, ...join0 })).toThrow(unknownStep);
  expect(() => module.request(7, call)).toThrow(unknownStep);
});

describe('the place in the code of the author', () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'catena-frame-'));
  });

  afterAll(() => rm(folder, { recursive: true }));

  it('is in the message and in the data', async () => {
    const file = join(folder, 'shop.mjs');
    await writeFile(file, 'export function* parse() {\n  yield undefined.price;\n}\n');
    const { parse } = (await import(file)) as { parse: AuthorFunction };
    const error = await failureOf(() => moduleOf(parse).parse(0, { ...call, page }));
    expect(error).toMatchObject({
      code: 'parse.threw',
      message: expect.stringMatching(/^parse of step "list" of probe@1\.0\.0 threw TypeError: .* at .*shop\.mjs:2:19$/),
      data: { module: 'probe@1.0.0', step: 'list', at: expect.stringMatching(/shop\.mjs:2:19$/) },
    });
  });

  it.each([
    ['put.row({ id: 1n })', 'module.wrong_item'],
    ['put.rwo({})', 'module.unknown_item'],
    ["retry('busy', { afterMs: Date.now() })", 'module.wrong_argument'],
    ["go.report({}, { key: '' })", 'module.wrong_argument'],
  ])('is in the data of %s too', async (call_, code) => {
    const file = join(folder, `${code}-${call_.length}.mjs`);
    await writeFile(file, `export function* parse({ put, retry, go }) {\n  yield ${call_};\n}\n`);
    const { parse } = (await import(file)) as { parse: AuthorFunction };
    const module = defineModule({
      name: 'probe',
      version: '1.0.0',
      input: z.object({}),
      steps: { list: z.object({}), report: computeStep() },
      items: { row: z.any() },
    }).implement({
      start: () => [],
      steps: { list: { request: () => [], parse: parse as never }, report: { run: () => [] } },
    });
    expect(await failureOf(() => module.parse(0, { ...call, page }))).toMatchObject({
      code,
      data: { at: expect.stringMatching(/\.mjs:2:\d+$/) },
    });
  });
});
