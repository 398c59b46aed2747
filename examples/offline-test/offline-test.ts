/** A parser that is worth testing on its own: a table whose cells need care. Its test downloads nothing. */
import { defineModule } from 'catena';
import { z } from 'zod';

export default defineModule({
  name: 'offline-test',
  version: '1.0.0',
  input: z.object({ base: z.url() }),
  steps: { table: z.object({ month: z.string().regex(/^\d{4}-\d{2}$/) }) },
  items: { rain: z.object({ town: z.string().min(1), mm: z.number().nonnegative() }) },
}).implement({
  *start({ go }) {
    yield go.table({ month: '2026-05' });
  },
  steps: {
    table: {
      request: ({ input, state }) => `${input.base}/rain?month=${state.month}`,
      // Half a table looks like a short one. The row with the sum stands at its end, so it shows that nothing is missing.
      expect: { selector: 'table tfoot' },
      *parse({ $, put, drop }) {
        for (const row of $('tbody tr').toArray()) {
          const [town = '', mm = ''] = $(row)
            .find('td')
            .toArray()
            .map((cell) => $(cell).text().trim());
          // A dash means that nobody measured: zero would be a lie.
          if (mm === '–') yield drop('not measured', { town });
          else yield put.rain({ town, mm: Number(mm.replace(',', '.')) });
        }
      },
    },
  },
});
