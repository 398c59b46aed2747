/**
 * A shop: its list pages, one after the other, and the page of every product on them. `site/` is a shop to try it on.
 */
import { defineModule, type Fields, fetchStep, number, type Page } from 'catena';
import { z } from 'zod';

/** A failing page is asked for again soon: the demo site never fails the same page more than twice. */
const patiently = { retry: { attempts: 6, baseDelayMs: 100, maxDelayMs: 2_000 }, timeoutMs: 3_000 };

const listFields = {
  declared: { select: '.grid', attr: 'data-count', as: number(), default: 0 },
  skus: [{ select: '.grid .card', attr: 'data-sku' }],
  next: { select: '.pagination a[rel=next]', optional: true },
} as const satisfies Fields;

const productFields = {
  title: '.title',
  price: { select: '.price', as: number() },
  currency: { select: '.price', attr: 'data-currency' },
  category: '.category',
  rating: { select: '.rating', attr: 'data-rating', as: number(), default: null },
  stock: { select: '.stock', as: (text) => Number(/\d+/.exec(text)?.[0] ?? 0) },
  description: '.description',
} as const satisfies Fields;

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
      *parse({ extract, go, input, state }) {
        const { skus, next } = extract(listFields);
        for (const sku of skus) yield go.detail({ sku });
        const last = input.pages ?? Number.POSITIVE_INFINITY;
        if (next !== undefined && state.page < last) yield go.list({ page: state.page + 1 });
      },
    },
    detail: {
      request: ({ input, state }) => ({ url: new URL(`/product/${state.sku}`, input.base) }),
      expect: { type: 'html', text: '</html>', selector: ['.product .title', '.product .price'] },
      *parse({ extract, put, state }) {
        const { product } = extract({ product: { select: '.product', fields: productFields } });
        yield put.product({ sku: state.sku, ...product });
      },
    },
  },
});

/** A list that lost a card on the way looks like a shorter list: without this, its product would be lost silently. */
function everyCardIsThere(page: Page): string | undefined {
  const { declared, skus } = page.extract(listFields);
  return skus.length === declared ? undefined : `the list declares ${declared} products and shows ${skus.length}`;
}
