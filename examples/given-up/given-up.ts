/** When a request is given up for good, `givenUp` answers in its place: a row that says why, in the place of a gap. */
import { defineModule, fetchStep } from 'catena';
import { z } from 'zod';

const shop = z.object({ shop: z.string() });

export default defineModule({
  name: 'given-up',
  version: '1.0.0',
  input: z.object({ base: z.url() }),
  steps: { offer: fetchStep(shop, { retry: { attempts: 2, baseDelayMs: 20 } }) },
  items: { offer: shop.extend({ price: z.number().nullable(), problem: z.string() }) },
}).implement({
  *start({ go }) {
    for (const name of ['north', 'south', 'west']) yield go.offer({ shop: name });
  },
  steps: {
    offer: {
      request: ({ input, state }) => `${input.base}/${state.shop}/price`,
      *parse({ text, put, state }) {
        yield put.offer({ shop: state.shop, price: Number(text), problem: '' });
      },
      // Called once: after the last attempt, or at once where another would fail the same way (a 404, say). What it yields
      // is committed like a page's, so the request is done and no dead letter. `go` would try another way instead.
      *givenUp({ error, put, state }) {
        yield put.offer({ shop: state.shop, price: null, problem: error.code });
      },
    },
  },
});
