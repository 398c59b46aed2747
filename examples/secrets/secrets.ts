/** A key that nobody may read: the request names it, and only the downloader knows its value. */
import { defineModule } from 'catena';
import { z } from 'zod';

export default defineModule({
  name: 'secrets',
  version: '1.0.0',
  input: z.object({ base: z.url() }),
  steps: { me: z.object({}) },
  items: { account: z.object({ name: z.string(), credit: z.number() }) },
}).implement({
  *start({ go }) {
    yield go.me();
  },
  steps: {
    me: {
      request: ({ input }) => ({
        url: `${input.base}/me`,
        // A name, in any header. The value is put in where the request is sent, and taken out of what comes back, so that it
        // stands in no node, message, log or dead letter. It is looked up in the login of the run's account, then in the
        // environment variables that the setting `downloader.secrets` allows.
        headers: { authorization: 'Bearer {{secret:DEMO_API_KEY}}' },
      }),
      *parse({ json, put }) {
        yield put.account(z.object({ name: z.string(), credit: z.number() }).parse(json));
      },
    },
  },
});
