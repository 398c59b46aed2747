/** One step: a page, and its rows as items. The smallest module that does something useful. */
import { defineModule } from 'catena';
import { z } from 'zod';

export default defineModule({
  name: 'one-step',
  version: '1.0.0',
  // What a run is given. It is checked before anything is requested.
  input: z.object({ base: z.url() }),
  // Each step by its name, with the state that it needs: this one needs none.
  steps: { list: z.object({}) },
  // A row that does not fit its schema is a failure of the page, never a wrong row in the output.
  items: { book: z.object({ title: z.string().min(1), price: z.number().positive() }) },
}).implement({
  // `go` and `put` only make something. It takes effect because it is yielded.
  *start({ go }) {
    yield go.list();
  },
  steps: {
    list: {
      request: ({ input }) => new URL('/books', input.base),
      *parse({ $, put }) {
        for (const row of $('.book').toArray()) {
          yield put.book({ title: $(row).find('.title').text(), price: Number($(row).find('.price').text()) });
        }
      },
    },
  },
});
