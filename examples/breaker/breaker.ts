/** What keeps failing is left alone for a while: after a few failures in a row nothing is sent, then one trial. */
import { defineModule, fetchStep } from 'catena';
import { z } from 'zod';

const sku = z.object({ sku: z.string() });

export default defineModule({
  name: 'breaker',
  version: '1.0.0',
  input: z.object({ base: z.url() }),
  steps: {
    stock: fetchStep(sku, {
      // The key names what fails together: an API, or `model:region`. All runs and processes share its state. It counts
      // 5xx, 429, timeouts and lost connections; a 404 says that the other side is well. Default: 5 failures, 30 seconds.
      breaker: { key: 'stock-api', failures: 2, openMs: 400 },
      // A request that finds the breaker open fails as `breaker.open` and waits for the trial: that is an attempt too.
      retry: { attempts: 6, baseDelayMs: 10 },
    }),
  },
  items: { stock: sku.extend({ count: z.number() }) },
}).implement({
  *start({ go }) {
    for (const each of ['lamp', 'chair', 'table']) yield go.stock({ sku: each });
  },
  steps: {
    stock: {
      // One at a time, so that this example is the same each time: what is under way when a breaker opens is not recalled.
      concurrency: () => 1,
      request: ({ input, state }) => `${input.base}/stock/${state.sku}`,
      *parse({ text, put, state }) {
        yield put.stock({ sku: state.sku, count: Number(text) });
      },
    },
  },
});
