/** How much at once, and how fast: a limit delays, it never drops. */
import { defineModule } from 'catena';
import { z } from 'zod';

export default defineModule({
  name: 'limits',
  version: '1.0.0',
  input: z.object({ base: z.url(), atOnce: z.coerce.number().int().positive().default(2) }),
  steps: { tile: z.object({ n: z.number() }) },
  items: { tile: z.object({ n: z.number(), bytes: z.number() }) },
}).implement({
  *start({ go }) {
    for (let n = 1; n <= 8; n++) yield go.tile({ n });
  },
  steps: {
    tile: {
      request: ({ input, state }) => ({
        url: `${input.base}/tiles/${state.n}`,
        // What shares the limit, over all runs and modules that name it. Without it that is the host of the URL.
        limitKey: 'tile-server',
        // Instead of the configuration's, which is polite: 10 a second and 8 at once per host.
        limits: { requestsPerSecond: 50, concurrency: 4 },
      }),
      // Of this step, in this run: another run has its own. (`fetchStep(…, { concurrency })` would be over all runs.)
      concurrency: ({ input }) => input.atOnce,
      *parse({ bytes, put, state }) {
        yield put.tile({ n: state.n, bytes: bytes.length });
      },
    },
  },
});
