/** An API that takes and gives JSON: a search is posted, and its answer says where the next one begins. */
import { defineModule } from 'catena';
import { z } from 'zod';

/** What the API promises. An answer that breaks it is a failure of this page, with the field in its message. */
const answer = z.object({
  hits: z.array(z.object({ id: z.number(), name: z.string() })),
  cursor: z.string().nullable(),
});

export default defineModule({
  name: 'json-api',
  version: '1.0.0',
  input: z.object({ base: z.url(), query: z.string() }),
  steps: { search: z.object({ cursor: z.string().nullable() }) },
  items: { hit: answer.shape.hits.element },
}).implement({
  *start({ go }) {
    yield go.search({ cursor: null });
  },
  steps: {
    search: {
      // `json` is encoded, with its content type, and makes the request a POST. `form` would be a URL-encoded form.
      request: ({ input, state }) => ({
        url: `${input.base}/search`,
        json: { query: input.query, cursor: state.cursor },
      }),
      expect: { type: 'json' },
      *parse({ json, go, put }) {
        const { hits, cursor } = answer.parse(json);
        for (const hit of hits) yield put.hit(hit);
        if (cursor !== null) yield go.search({ cursor });
      },
    },
  },
});
