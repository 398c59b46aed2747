/** Every way to a page, and not only every page: `identity: 'lineage'` executes a hop once per request that led to it. */
import { defineModule, fetchStep } from 'catena';
import { z } from 'zod';

export default defineModule({
  name: 'lineage',
  version: '1.0.0',
  input: z.object({ base: z.url() }),
  steps: {
    // With `state`, the default, two links to one page are one hop, whoever found it first: right for nearly everything.
    // Here the ways are what is counted. Beware of circles: by lineage, a page that leads back to itself has no end.
    visit: fetchStep(z.object({ path: z.string() }), { identity: 'lineage' }),
  },
  items: { visit: z.object({ path: z.string(), isEnd: z.boolean() }) },
}).implement({
  *start({ go }) {
    yield go.visit({ path: '/start' });
  },
  steps: {
    visit: {
      request: ({ input, state }) => input.base + state.path,
      *parse({ $, go, put, state }) {
        const links = $('a').toArray();
        yield put.visit({ path: state.path, isEnd: links.length === 0 });
        for (const link of links) yield go.visit({ path: $(link).attr('href') ?? '' });
      },
    },
  },
});
