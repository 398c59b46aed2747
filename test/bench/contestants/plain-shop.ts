/** The shop as a module that does what the other contestants do: the same fields by the same functions, and no `expect`. */
import { defineModule } from 'catena';
import { z } from 'zod';
import { readList, readProduct } from './shop-fields.ts';

export const plainShop = defineModule({
  name: 'plain-shop',
  version: '1.0.0',
  input: z.object({ base: z.url() }),
  steps: { list: z.object({ page: z.number().int().positive() }), detail: z.object({ sku: z.string() }) },
  items: {
    product: z.object({
      sku: z.string(),
      title: z.string().min(1),
      price: z.number().positive(),
      currency: z.string().length(3),
      category: z.string().min(1),
      rating: z.number().min(1).max(5).nullable(),
      stock: z.number().int().nonnegative(),
      description: z.string().min(1),
    }),
  },
}).implement({
  *start({ go }) {
    yield go.list({ page: 1 });
  },
  steps: {
    list: {
      request: ({ input, state }) => `${input.base}/catalogue/${state.page}`,
      *parse({ $, go, state }) {
        const { skus, hasNext } = readList($);
        for (const sku of skus) yield go.detail({ sku });
        if (hasNext) yield go.list({ page: state.page + 1 });
      },
    },
    detail: {
      request: ({ input, state }) => `${input.base}/product/${state.sku}`,
      *parse({ $, put, state }) {
        yield put.product(readProduct($, state.sku));
      },
    },
  },
});
