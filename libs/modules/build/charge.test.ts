/** What a page cost, as an author says it in a test of a module. */
import { expect, it } from 'vitest';
import { z } from 'zod';
import { defineModule } from '../index.ts';

const paid = defineModule({
  name: 'paid',
  version: '1.0.0',
  input: z.object({}),
  steps: { ask: z.object({ busy: z.boolean() }) },
  items: { answer: z.object({}) },
}).implement({
  *start({ go }) {
    yield go.ask({ busy: false });
  },
  steps: {
    ask: {
      request: () => ({ url: 'https://api.test/', cost: { atMost: 0.5 } }),
      *parse({ charge, put, retry, state }) {
        yield charge(0.125);
        yield charge(0.25);
        if (state.busy) yield retry('busy');
        yield put.answer({});
      },
    },
  },
});

it('charges add up', async () => {
  const { charged, items, requests } = await paid.test('ask', { state: { busy: false }, body: '' });
  expect([charged, items.length]).toEqual([0.375, 1]);
  expect(requests).toMatchObject([{ cost: { atMost: 0.5 } }]);
});

it('a page that is given back has cost what was charged, and nothing else of it counts', async () => {
  const result = await paid.test('ask', { state: { busy: true }, body: '' });
  expect(result).toMatchObject({ charged: 0.375, items: [], retry: { reason: 'busy' } });
});

it('a charge that is made and not yielded is a mistake that is told', async () => {
  const forgetful = defineModule({
    name: 'forgetful',
    version: '1.0.0',
    input: z.object({}),
    steps: { ask: z.object({}) },
    items: {},
  }).implement({
    start: () => [],
    steps: {
      ask: {
        request: () => 'https://api.test/',
        parse: ({ charge }) => {
          charge(1);
          return [];
        },
      },
    },
  });
  await expect(forgetful.test('ask', { body: '' })).rejects.toMatchObject({ code: 'module.not_yielded' });
});
