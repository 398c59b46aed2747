import type { CallContext } from 'nice-grpc';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { ModuleRegistry } from '../../libs/calls/registry.ts';
import { YIELD_LIMITS } from '../../libs/calls/yield-budget.ts';
import { ErrorClass } from '../../libs/contracts/messages.ts';
import { ParseRequest } from '../../libs/contracts/services.ts';
import { computeStep, defineModule } from '../../libs/modules/index.ts';
import { createParserApi } from './rpc.ts';

const shop = defineModule({
  name: 'shop',
  version: '1.0.0',
  input: z.object({ currency: z.string().default('EUR') }),
  steps: { list: z.object({ page: z.number().default(1) }), sum: computeStep() },
  items: { product: z.object({ sku: z.string(), currency: z.string() }) },
}).implement({
  *start() {},
  steps: {
    list: {
      request: () => 'http://shop.test/',
      *parse({ text, go, put, drop, retry, input, state, account, page }) {
        if (text === 'throw') throw new TypeError('no price');
        if (text === 'retry') yield retry('still loading', { afterMs: 700 });
        if (text === 'endless') for (;;) yield put.product({ sku: 's', currency: 'EUR' });
        yield put.product({ sku: `${text} of ${account} at ${page.headers['x-a']}`, currency: input.currency });
        yield go.list({ page: state.page + 1 }, { key: 'next' });
        yield drop('no price', { sku: 'x' });
        yield drop('no name');
      },
    },
    sum: { *run() {} },
  },
});

const api = createParserApi({
  modules: new ModuleRegistry([shop], { ...YIELD_LIMITS, maxYieldsPerParse: 50 }),
});
const call = { signal: new AbortController().signal } as CallContext;
const json = (value: unknown) => Buffer.from(JSON.stringify(value));

function parse(body: string, changes: Partial<ParseRequest> = {}) {
  const request = ParseRequest.fromPartial({ module: 'shop', step: 'list', url: 'http://shop.test/', account: 'acme' });
  return api.parse({ ...request, body: Buffer.from(body), ...changes }, call);
}

const read = (bytes: Uint8Array | undefined) => JSON.parse(Buffer.from(bytes!).toString()) as unknown;

it('answers what a parse yields', async () => {
  const headers = [
    { name: 'X-A', value: '1' },
    { name: 'x-a', value: '2' },
  ];
  const answer = await parse('lamp', { headers, input: json({ currency: 'CHF' }), state: json({ page: 4 }) });
  expect(answer.items!.map(({ type, data }) => [type, read(data)])).toEqual([
    ['product', { sku: 'lamp of acme at 1, 2', currency: 'CHF' }],
  ]);
  expect(answer.hops!.map(({ step, state, key }) => [step, read(state), key])).toEqual([['list', { page: 5 }, 'next']]);
  expect(answer.drops!.map(({ reason, data }) => [reason, data!.length === 0 ? undefined : read(data)])).toEqual([
    ['no price', { sku: 'x' }],
    ['no name', undefined],
  ]);
  expect(answer.failure).toBeUndefined();
});

it.each([
  ['throw', 'parse.threw', ErrorClass.RETRYABLE, 0],
  ['retry', 'parse.retry', ErrorClass.RETRYABLE, 700],
  ['endless', 'parse.too_many_yields', ErrorClass.FATAL, 0],
])('answers how a parse fails, and then nothing else (%s)', async (body, code, errorClass, retryAfterMs) => {
  expect(await parse(body)).toMatchObject({
    items: [],
    hops: [],
    drops: [],
    failure: { code, class: errorClass, retryAfterMs, stage: 'parser' },
  });
});

it('judges the page by what the step expects', async () => {
  expect((await parse('lamp', { status: 503 })).failure).toMatchObject({ code: 'download.status' });
});

it.each([
  [{ module: 'nosuch' }, 'module.unknown', undefined],
  [{ step: 'nosuch' }, 'module.unknown_step', undefined],
  [{ step: 'sum' }, 'module.unknown_step', undefined],
  [{ input: json({ currency: 1 }) }, 'module.wrong_input', undefined],
  [{ state: json({ page: 'x' }) }, 'module.wrong_state', undefined],
  [{ module: '' }, 'api.invalid_argument', 'module'],
  [{ step: '' }, 'api.invalid_argument', 'step'],
  [{ url: 'shop' }, 'api.invalid_argument', 'url'],
  [{ status: 42 }, 'api.invalid_argument', 'status'],
  [{ input: Buffer.from('{') }, 'api.invalid_argument', 'input'],
  [{ state: Buffer.from([0xff]) }, 'api.invalid_argument', 'state'],
])('refuses what cannot be (%#)', async (changes, code, field) => {
  const data = field === undefined ? {} : { field };
  await expect(parse('lamp', changes)).rejects.toMatchObject({ code, data });
});
