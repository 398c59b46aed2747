/** The smallest program of the documentation, for the tests of this folder. */
import { z } from 'zod';
import { defineModule } from '../index.ts';

export const shopContract = defineModule({
  name: 'shop',
  version: '1.0.0',
  input: z.object({ query: z.string(), pages: z.number().default(3) }),
  steps: { list: z.object({ page: z.number() }), detail: z.object({ sku: z.string() }) },
  items: { product: z.object({ sku: z.string(), price: z.coerce.number() }) },
});

export const shop = shopContract.implement({
  *start({ go }) {
    yield go.list({ page: 1 });
  },
  steps: {
    list: {
      request: ({ state, input }) => ({ url: `https://shop.test/s?q=${input.query}&p=${state.page}` }),
      *parse({ $, go, state, input }) {
        for (const a of $('a[data-sku]')) yield go.detail({ sku: $(a).attr('data-sku')! });
        if (state.page < input.pages) yield go.list({ page: state.page + 1 });
      },
    },
    detail: {
      request: ({ state }) => ({ url: `https://shop.test/p/${state.sku}` }),
      *parse({ $, put, state }) {
        yield put.product({ sku: state.sku, price: $('.price').text() });
      },
    },
  },
});
