/** One bad record on a good page: it is left out by name, and the others count. */
import { defineModule } from 'catena';
import { z } from 'zod';

export default defineModule({
  name: 'drop',
  version: '1.0.0',
  input: z.object({ base: z.url() }),
  steps: { list: z.object({}) },
  items: { job: z.object({ title: z.string().min(1), salary: z.number().positive() }) },
}).implement({
  *start({ go }) {
    yield go.list();
  },
  steps: {
    list: {
      request: ({ input }) => `${input.base}/jobs`,
      *parse({ $, put, drop }) {
        for (const row of $('.job').toArray()) {
          const title = $(row).find('.title').text();
          const salary = Number($(row).attr('data-salary'));
          // Without this, `put` would refuse the record, and the whole page would fail with it: an error in the parser and a
          // gap in the data look the same. A drop says that this gap is known.
          if (!(salary > 0)) yield drop('no salary', { title });
          else yield put.job({ title, salary });
        }
      },
    },
  },
});
