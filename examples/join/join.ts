/** Two phases: read the prices of every shop, then compare them. The second one starts when the first is over. */
import { computeStep, defineModule, fetchStep } from 'catena';
import { z } from 'zod';

const offer = z.object({ shop: z.string(), price: z.number().positive() });

export default defineModule({
  name: 'join',
  version: '1.0.0',
  input: z.object({ base: z.url() }),
  steps: {
    offer: fetchStep(z.object({ shop: z.string() }), { retry: { attempts: 1 } }),
    // No request: it reads what earlier phases left. The first step of a later phase has no state: nobody yields it.
    compare: computeStep(),
  },
  items: { offer, cheapest: offer.extend({ compared: z.number(), failed: z.number() }) },
  // `settle`, the default, goes on whatever died; `failFast` or `{ maxDead: 1 }` would end the run instead.
  phases: [['offer'], { steps: ['compare'], join: 'settle' }],
}).implement({
  *start({ go }) {
    for (const shop of ['north', 'south', 'west']) yield go.offer({ shop });
  },
  steps: {
    offer: {
      request: ({ input, state }) => `${input.base}/${state.shop}/price`,
      *parse({ text, put, state }) {
        yield put.offer({ shop: state.shop, price: Number(text) });
      },
    },
    compare: {
      // Items come as a stream, for there may be millions of them.
      async *run({ items, failures, put }) {
        const offers = await Array.fromAsync(items('offer'));
        const dead = await Array.fromAsync(failures());
        const [best] = offers.toSorted((one, other) => one.price - other.price);
        if (best) yield put.cheapest({ ...best, compared: offers.length, failed: dead.length });
      },
    },
  },
});
