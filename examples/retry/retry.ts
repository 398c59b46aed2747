/** A page that is not ready yet: the parser gives it back, and it is asked for again. */
import { defineModule, fetchStep } from 'catena';
import { z } from 'zod';

const report = z.object({ id: z.string() });

export default defineModule({
  name: 'retry',
  version: '1.0.0',
  input: z.object({ base: z.url() }),
  steps: {
    // Four executions, whatever each of them fails of: an error of the server, a timeout, or a `retry` of ours.
    report: fetchStep(report, { retry: { attempts: 4, baseDelayMs: 20, maxDelayMs: 200 } }),
  },
  items: { report: report.extend({ rows: z.number() }) },
}).implement({
  *start({ go }) {
    for (const id of ['small', 'stuck']) yield go.report({ id });
  },
  steps: {
    report: {
      request: ({ input, state }) => `${input.base}/reports/${state.id}`,
      *parse({ json, put, retry, state }) {
        const { ready, rows } = json as { ready: boolean; rows: number };
        // Nothing else that this page yielded counts then. After the last attempt the request is a dead letter: it is
        // kept with its reason, `catena letters` shows it, and `catena replay` executes it again.
        if (!ready) yield retry('it is still being made', { afterMs: 10 });
        else yield put.report({ id: state.id, rows });
      },
    },
  },
});
