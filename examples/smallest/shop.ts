import { defineModule } from 'catena';
import { z } from 'zod';

export default defineModule({
  name: 'shop',
  version: '1.0.0',
  input: z.object({ base: z.url(), pages: z.coerce.number().default(3) }),
  steps: { list: z.object({ page: z.number() }), detail: z.object({ sku: z.string() }) },
  items: { product: z.object({ sku: z.string(), price: z.coerce.number() }) },
}).implement({
  *start({ go }) {
    yield go.list({ page: 1 });
  },
  steps: {
    list: {
      request: ({ state, input }) => `${input.base}/list?page=${state.page}`,
      *parse({ $, go, state, input }) {
        for (const a of $('a[data-sku]')) yield go.detail({ sku: $(a).attr('data-sku') ?? '' });
        if (state.page < input.pages) yield go.list({ page: state.page + 1 });
      },
    },
    detail: {
      request: ({ state, input }) => `${input.base}/p/${state.sku}`,
      expect: { selector: '.price' },
      *parse({ $, put, state }) {
        yield put.product({ sku: state.sku, price: $('.price').text() });
      },
    },
  },
});
