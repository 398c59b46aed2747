/**
 * Mistakes that the compiler must catch. `tsc` checks this file: an expected error that does not come is an error
 * itself. Nothing here runs.
 */
import { z } from 'zod';
import { computeStep, defineModule, type Fields, fetchStep, number } from '../index.ts';
import { shop, shopContract } from '../testing/shop.fixture.ts';

const contract = defineModule({
  name: 'shop',
  version: '1.0.0',
  input: z.object({ query: z.string() }),
  steps: {
    list: fetchStep(z.object({ page: z.string().transform(Number) }), { retry: { attempts: 5 } }),
    detail: z.object({ sku: z.string() }),
    report: computeStep(),
  },
  items: {
    product: z.object({ sku: z.string(), price: z.coerce.number<string>() }),
    total: z.object({ sum: z.number() }),
  },
  phases: [['list', 'detail'], { steps: ['report'], join: { maxDeadRate: 0.1 } }],
});

const detail = { request: () => 'https://shop.test/', parse: () => [] };
const report = { run: () => [] };

export const wrongHops = contract.implement({
  *start({ go }) {
    // @ts-expect-error 1: a wrong state
    yield go.list({ page: 1 });
    // @ts-expect-error 1: a state with a field too many
    yield go.list({ page: '1', size: 20 });
    // @ts-expect-error 1: a state forgotten
    yield go.list();
    // @ts-expect-error 2: an unknown step
    yield go.lst({ page: '1' });
    // @ts-expect-error a key that is no string
    yield go.list({ page: '1' }, { key: 1 });
    // Right: the state of this step has no fields.
    yield go.report();
  },
  steps: {
    list: {
      // @ts-expect-error the input has no such field
      request: ({ state, input }) => `https://shop.test/?p=${state.page.toFixed(0)}&q=${input.search}`,
      *parse({ put, state, input, json }) {
        // @ts-expect-error 3: a wrong item field
        yield put.product({ sku: input.query, prize: '1' });
        // @ts-expect-error 3: an item without a field
        yield put.product({ sku: input.query });
        // @ts-expect-error an unknown item
        yield put.produkt({ sku: input.query, price: '1' });
        // @ts-expect-error the state is what the schema makes of it: a number
        yield put.product({ sku: state.page.toUpperCase(), price: '1' });
        // @ts-expect-error a page's JSON is unknown until it is checked
        yield put.product({ sku: json.sku, price: '1' });
      },
    },
    detail,
    report,
  },
});

export const wrongYields = contract.implement({
  // @ts-expect-error a bare object is no hop
  *start() {
    yield { page: '1' };
  },
  steps: {
    list: {
      // @ts-expect-error a request without a URL
      request: () => ({ method: 'POST' }),
      // @ts-expect-error an async function is no generator
      async parse({ put }) {
        put.total({ sum: 1 });
      },
    },
    detail,
    report,
  },
});

export const incomplete = contract.implement({
  *start({ go }) {
    yield go.list({ page: '1' });
  },
  // @ts-expect-error 4: a step without an implementation
  steps: { list: detail, report },
});

export const unstarted = contract.implement(
  // @ts-expect-error 4: no start
  { steps: { list: detail, detail, report } },
);

export const parsedCompute = contract.implement({
  *start({ go }) {
    yield go.list({ page: '1' });
  },
  steps: {
    list: detail,
    detail,
    // @ts-expect-error 5: a compute step has no page to parse
    report: { run: () => [], parse: () => [] },
  },
});

export const computedFetch = contract.implement({
  *start({ go }) {
    yield go.list({ page: '1' });
  },
  steps: {
    list: detail,
    // @ts-expect-error 5: a fetch step does not run
    detail: { run: () => [] },
    report: {
      async *run({ items, put }) {
        for await (const product of items('product')) {
          // Right: what a join reads is what the schema made of it.
          yield put.total({ sum: product.price });
        }
        for await (const row of items()) if (row.type === 'total') yield put.total({ sum: row.data.sum });
        // @ts-expect-error an unknown item type
        for await (const _ of items('produkt')) yield put.total({ sum: 1 });
      },
    },
  },
});

export const misphased = defineModule({
  name: 'shop',
  version: '1.0.0',
  input: z.object({}),
  steps: { list: z.object({}), report: computeStep() },
  // @ts-expect-error 6: a phase with a step that does not exist
  phases: [['list'], ['raport']],
});

export const wrongOptions = defineModule({
  name: 'shop',
  version: '1.0.0',
  // @ts-expect-error an input that is no schema
  input: { query: 'string' },
  // @ts-expect-error an unknown option, and a value of the wrong kind
  steps: { list: fetchStep(z.object({}), { identity: 'branch' }), detail: fetchStep(z.object({}), { timeout: 5 }) },
});

export const wrongFields = contract.implement({
  *start({ go }) {
    yield go.list({ page: '1' });
  },
  steps: {
    list: {
      request: () => 'https://shop.test/',
      *parse({ extract, put, go }) {
        // Right: the types follow from the declaration.
        yield put.product(extract({ sku: { attr: 'data-sku', select: 'p' }, price: '.price' }));
        // @ts-expect-error a number where the item takes a text
        yield put.product(extract({ sku: '.sku', price: { select: '.price', as: number() } }));
        // @ts-expect-error a value that may be missing
        yield put.product(extract({ sku: { select: '.sku', optional: true }, price: '.price' }));
        // @ts-expect-error a value that may be null
        yield put.product(extract({ sku: { select: '.sku', default: null }, price: '.price' }));
        // @ts-expect-error a list where the item takes one
        yield put.product(extract({ sku: ['.sku'], price: '.price' }));
        // @ts-expect-error a field of the item is not declared
        yield put.product(extract({ sku: '.sku' }));
        const { rows } = extract({
          rows: [{ select: 'li', fields: { sku: 'a', sold: { select: 'b', as: number(), default: 0 } } }],
        });
        // Right: records in a list are typed too.
        for (const row of rows) yield row.sold > 0 ? go.detail({ sku: row.sku }) : go.report();
        // @ts-expect-error a field that the record does not declare
        for (const row of rows) yield go.detail({ sku: row.name });
        // @ts-expect-error an unknown key of a field
        extract({ sku: { selector: '.sku' } });
        // @ts-expect-error a list of two
        extract({ sku: ['a', 'b'] });
        // @ts-expect-error a reader that is no function
        extract({ sku: { select: 'a', as: 'number' } });
        // @ts-expect-error fields and a reader at once
        extract({ sku: { select: 'a', fields: {}, as: number() } });
      },
    },
    detail,
    report,
  },
});

export const fields = {
  // @ts-expect-error an attribute that is no name
  wrong: { select: 'a', attr: 5 },
} satisfies Fields;

export async function tests(): Promise<void> {
  const result = await shop.test('list', { input: { query: 'x' }, state: { page: 1 }, body: '' });
  // Right: hops and items know their steps and types.
  for (const hop of result.hops) if (hop.step === 'list') hop.state.page.toFixed(0);
  for (const item of result.items) item.data.price.toFixed(2);
  // @ts-expect-error a test of an unknown step
  await shop.test('lst', { input: { query: 'x' }, state: { page: 1 } });
  // @ts-expect-error a test with a wrong state
  await shop.test('list', { input: { query: 'x' }, state: { sku: 'a' } });
  // @ts-expect-error a test with a wrong input
  await shop.test('list', { input: { q: 'x' }, state: { page: 1 } });
  // @ts-expect-error a fetch step joins no items
  await shop.test('list', { input: { query: 'x' }, state: { page: 1 }, items: [] });
  // @ts-expect-error a compute step has no page
  await computedFetch.test('report', { input: { query: 'x' }, body: '' });
  // Right: an empty state need not be given.
  await computedFetch.test('report', { input: { query: 'x' }, items: [{ type: 'total', data: { sum: 1 } }] });
}

// @ts-expect-error a contract is no module yet
shopContract.test('list', {});
