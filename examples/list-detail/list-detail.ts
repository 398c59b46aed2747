/** From lists to details: each hop carries what the list knows and the detail page does not say. */
import { defineModule } from 'catena';
import { z } from 'zod';

export default defineModule({
  name: 'list-detail',
  version: '1.0.0',
  input: z.object({ base: z.url() }),
  steps: {
    list: z.object({ cookieStore: z.string() }),
    // Typed by its schema: `go.detail({ id: 7 })` is an error of the compiler, and of the run if the compiler is not asked.
    detail: z.object({ id: z.string().min(1), rating: z.number() }),
  },
  items: { book: z.object({ id: z.string(), rating: z.number(), pages: z.number() }) },
}).implement({
  *start({ go }) {
    for (const cookieStore of ['new', 'classics']) yield go.list({ cookieStore });
  },
  steps: {
    list: {
      request: ({ input, state }) => `${input.base}/shelves/${state.cookieStore}`,
      *parse({ $, go }) {
        for (const row of $('[data-id]').toArray()) {
          // Two shelves show the same book with the same rating: equal states are one hop, so it is read once.
          yield go.detail({ id: $(row).attr('data-id') ?? '', rating: Number($(row).attr('data-rating')) });
        }
      },
    },
    detail: {
      request: ({ input, state }) => `${input.base}/books/${state.id}`,
      *parse({ $, put, state }) {
        yield put.book({ ...state, pages: Number($('.pages').text()) });
      },
    },
  },
});
