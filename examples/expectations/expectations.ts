/** Is this the page that the step needs? `expect` says so before the parser sees it. */
import { defineModule, fetchStep } from 'catena';
import { z } from 'zod';

export default defineModule({
  name: 'expectations',
  version: '1.0.0',
  input: z.object({ base: z.url(), skus: z.string().default('lamp,chair,sofa') }),
  // A short wait, because the site of this example is patient. In the field, leave it to the configuration.
  steps: { product: fetchStep(z.object({ sku: z.string() }), { retry: { attempts: 3, baseDelayMs: 20 } }) },
  items: { product: z.object({ sku: z.string(), price: z.number().nullable() }) },
}).implement({
  *start({ go, input }) {
    for (const sku of input.skus.split(',')) yield go.product({ sku });
  },
  steps: {
    product: {
      request: ({ input, state }) => `${input.base}/products/${state.sku}`,
      expect: {
        // A product that is gone is an answer too. Other statuses fail: 500 is tried again, 403 is not.
        status: [200, 404],
        type: 'html',
        // "One moment please" comes with status 200. Without this it would be a product without a price.
        check: ({ $, status }) => (status === 404 || $('.price').length > 0 ? undefined : 'it shows no price'),
      },
      *parse({ $, put, state, status }) {
        yield put.product({ sku: state.sku, price: status === 404 ? null : Number($('.price').text()) });
      },
    },
  },
});
