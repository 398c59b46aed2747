/** A first comparison on the prices that are there after a second, and the last one when every shop has answered. */
import { computeStep, defineModule, fetchStep } from 'catena';
import { z } from 'zod';

const offer = z.object({ shop: z.string(), price: z.number().positive() });

export default defineModule({
  name: 'early-report',
  version: '1.0.0',
  input: z.object({ base: z.url() }),
  steps: { offer: fetchStep(z.object({ shop: z.string() })), compare: computeStep() },
  items: { offer, cheapest: offer.extend({ compared: z.number(), waiting: z.array(z.string()), final: z.boolean() }) },
  phases: [['offer'], ['compare']],
  // After a second `compare` also runs while requests of `offer` are open; it runs again when they have ended.
  early: { atMs: 1_000 },
}).implement({
  *start({ go }) {
    for (const shop of ['north', 'south', 'west']) yield go.offer({ shop });
  },
  steps: {
    offer: {
      // With `partial`, what has arrived of an open request is stored every two seconds, for `partials()`.
      request: ({ input, state }) => ({ url: `${input.base}/${state.shop}/price`, partial: true }),
      *parse({ text, put, state }) {
        yield put.offer({ shop: state.shop, price: Number(text) });
      },
    },
    compare: {
      async *run({ items, isEarly, put }) {
        const offers = await Array.fromAsync(items('offer'));
        const [best] = offers.toSorted((one, other) => one.price - other.price);
        const known = new Set(offers.map(({ shop }) => shop));
        const waiting = ['north', 'south', 'west'].filter((shop) => isEarly && !known.has(shop));
        if (best) yield put.cheapest({ ...best, compared: offers.length, waiting, final: !isEarly });
      },
    },
  },
});
