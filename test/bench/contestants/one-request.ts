/** One request and nothing else: what a submission waits for. */
import { defineModule } from 'catena';
import { z } from 'zod';

export const oneRequest = defineModule({
  name: 'one-request',
  version: '1.0.0',
  input: z.object({ url: z.url() }),
  steps: { page: z.object({}) },
  items: { page: z.object({ text: z.string() }) },
}).implement({
  *start({ go }) {
    yield go.page({});
  },
  steps: {
    page: {
      request: ({ input }) => input.url,
      *parse({ $, put }) {
        yield put.page({ text: $('p').text() });
      },
    },
  },
});
