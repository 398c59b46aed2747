/** Submits runs of any module over the HTTP API, and says how they stand: what the freeze test asks `catena serve`. */
import { CatenaError, defineExtension, errorBody } from 'catena/extension';
import { z } from 'zod';

const task = z.object({ module: z.string(), input: z.unknown() });
const accepted = z.object({ run_id: z.string() }).describe('The run is stored.');
const standing = z.object({ finished: z.boolean(), open: z.number() }).describe('How the run stands.');

export const freeze = defineExtension({
  name: 'freeze',
  routes: ({ store, coordinator, modules, submit, account, platform }) => [
    (app) => {
      app.post(
        '/api/runs',
        {
          config: { role: 'submitter' },
          schema: { summary: 'Submits a run.', body: task, response: { 200: accepted, 404: errorBody } },
        },
        async ({ body: { module, input } }) => {
          const { runId } = await submit({ modules: [modules.resolve(module).id], input, account, platform });
          return { run_id: runId };
        },
      );
      app.get(
        '/api/runs/:run_id',
        {
          config: { role: 'reader' },
          schema: {
            summary: 'How a run stands.',
            params: z.object({ run_id: z.string() }),
            response: { 200: standing, 404: errorBody },
          },
        },
        async ({ params: { run_id: runId } }) => {
          const [run, now] = await Promise.all([store.findRun(runId), coordinator.findRun(runId)]);
          if (run === undefined) throw new CatenaError('freeze.unknown_run', `there is no run ${runId}`);
          const open = now?.modules.flatMap(({ phases }) => phases).reduce((sum, phase) => sum + phase.open, 0) ?? 0;
          return { finished: run.state === 'closed', open };
        },
      );
    },
  ],
});
