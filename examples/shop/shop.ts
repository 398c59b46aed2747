/**
 * A shop: its list pages, one after the other, and the page of every product on them. `site/` is a shop to try it on.
 */
import { defineModule, fetchStep, type Page } from 'catena';
import { z } from 'zod';

/** A failing page is asked for again soon: the demo site never fails the same page more than twice. */
const patiently = { retry: { attempts: 6, baseDelayMs: 100, maxDelayMs: 2_000 }, timeoutMs: 3_000 };

export default defineModule({
  name: 'shop',
  version: '1.0.0',
  input: z.object({
    /** The address of the shop, as `site/main.ts` prints it. */
    base: z.url(),
    /** How many list pages to read; default: all. */
    pages: z.coerce.number().int().positive().optional(),
  }),
  steps: {
    list: fetchStep(z.object({ page: z.number().int().positive() }), patiently),
    detail: fetchStep(z.object({ sku: z.string() }), patiently),
  },
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
      request: ({ input, state }) => ({ url: new URL(`/catalogue/${state.page}`, input.base) }),
      // The end of the page is what one that was cut off does not have.
      expect: { type: 'html', text: '</html>', selector: '.pagination', check: everyCardIsThere },
      *parse({ $, go, input, state }) {
        for (const card of $('.grid .card').toArray()) {
          yield go.detail({ sku: $(card).attr('data-sku') ?? '' });
        }
        const last = input.pages ?? Number.POSITIVE_INFINITY;
        if ($('.pagination a[rel=next]').length > 0 && state.page < last) yield go.list({ page: state.page + 1 });
      },
    },
    detail: {
      request: ({ input, state }) => ({ url: new URL(`/product/${state.sku}`, input.base) }),
      expect: { type: 'html', text: '</html>', selector: ['.product .title', '.product .price'] },
      *parse({ $, put, state }) {
        const product = $('.product');
        const text = (selector: string): string => product.find(selector).text();
        const rating = product.find('.rating').attr('data-rating');
        yield put.product({
          sku: state.sku,
          title: text('.title'),
          price: Number(text('.price').replaceAll(',', '')),
          currency: product.find('.price').attr('data-currency') ?? '',
          category: text('.category'),
          rating: rating === undefined ? null : Number(rating),
          stock: Number(/\d+/.exec(text('.stock'))?.[0] ?? 0),
          description: text('.description'),
        });
      },
    },
  },
});

/** A list that lost a card on the way looks like a shorter list: without this, its product would be lost silently. */
function everyCardIsThere({ $ }: Page): string | undefined {
  const declared = Number($('.grid').attr('data-count'));
  const found = $('.grid .card').length;
  return found === declared ? undefined : `the list declares ${declared} products and shows ${found}`;
}
