/** An answer that another run was given a moment ago is good enough: nothing is sent for it. */
import { defineModule, fetchStep } from 'catena';
import { z } from 'zod';

export default defineModule({
  name: 'cache',
  version: '1.0.0',
  input: z.object({ base: z.url() }),
  steps: {
    // `shared`: answers of any run that are younger than a minute. `cache: 'run'` would take those of this run alone.
    // Equal means equal in everything that is sent, and only whole answers of the statuses 200–299 are kept.
    rate: fetchStep(z.object({ currency: z.string() }), { cache: { scope: 'shared', ttlMs: 60_000 } }),
  },
  items: { rate: z.object({ currency: z.string(), rate: z.number(), fromCache: z.boolean() }) },
}).implement({
  *start({ go }) {
    for (const currency of ['EUR', 'NOK']) yield go.rate({ currency });
  },
  steps: {
    rate: {
      // A request may say otherwise: `cache: false` is always sent, and `cacheKey` tells equal requests apart.
      request: ({ input, state }) => `${input.base}/rates/${state.currency}`,
      *parse({ text, put, page, state }) {
        yield put.rate({ currency: state.currency, rate: Number(text), fromCache: page.fromCache });
      },
    },
  },
});
