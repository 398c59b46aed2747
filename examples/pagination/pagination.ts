/** Pages one after the other: a step that goes on to itself until there is no next page. */
import { defineModule } from 'catena';
import { z } from 'zod';

export default defineModule({
  name: 'pagination',
  version: '1.0.0',
  input: z.object({
    base: z.url(),
    // On the command line every value is text: `coerce` takes `--input most=2` as a number.
    most: z.coerce.number().int().positive().default(100),
  }),
  // The state is all that a hop knows. It is stored, so a run that was killed goes on at the page where it was.
  steps: { page: z.object({ url: z.url(), nth: z.number() }) },
  items: { quote: z.object({ text: z.string().min(1) }) },
}).implement({
  *start({ go, input }) {
    yield go.page({ url: new URL('/quotes', input.base).href, nth: 1 });
  },
  steps: {
    page: {
      request: ({ state }) => state.url,
      *parse({ $, go, put, input, state }) {
        for (const quote of $('blockquote').toArray()) yield put.quote({ text: $(quote).text() });
        // `prop` answers the link as an absolute address, `attr` as it stands in the page.
        const next = $('a[rel=next]').prop('href');
        // A limit ends what a site does not: a calendar, say, has a next page for ever.
        if (next && state.nth < input.most) yield go.page({ url: next, nth: state.nth + 1 });
      },
    },
  },
});
