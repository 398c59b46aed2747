import { CatenaError, errorBody, type HttpRoutes, type RoutePorts } from 'catena/extension';
import { z } from 'zod';

const MAX_GREETINGS = 100;

const accepted = z.object({ run_id: z.string() }).describe('The run stands, whatever happens to the server now.');
const greetings = z
  .object({ finished: z.boolean(), greetings: z.array(z.string()) })
  .describe('What has been said so far.');

/** `POST /api/greetings` begins a run, `GET /api/greetings/{run_id}` tells what was said in it. */
export function greetingRoutes({ store, modules, submit, account, platform }: RoutePorts): HttpRoutes {
  return (app) => {
    app.post(
      '/api/greetings',
      {
        config: { role: 'submitter' },
        schema: {
          summary: 'Greets people.',
          body: z.object({ names: z.array(z.string().min(1)).min(1).max(MAX_GREETINGS) }),
          response: { 200: accepted, 400: errorBody, 404: errorBody },
        },
      },
      async ({ body }) => {
        const { id } = modules.resolve('greetings');
        const { runId } = await submit({ modules: [id], input: body, account, platform });
        return { run_id: runId };
      },
    );

    app.get(
      '/api/greetings/:run_id',
      {
        config: { role: 'reader' },
        schema: {
          summary: 'What was said.',
          params: z.object({ run_id: z.string() }),
          response: { 200: greetings, 404: errorBody },
        },
      },
      async ({ params: { run_id: runId } }) => {
        const run = await store.findRun(runId);
        if (run === undefined) throw new CatenaError('greeting.unknown_run', `there is no run ${runId}`);
        const rows = await store.readItems({ runId, type: 'greeting', afterSeq: 0, limit: MAX_GREETINGS });
        const said = rows.map(({ data }) => (JSON.parse(data) as { readonly text: string }).text);
        return { finished: run.state === 'closed', greetings: said };
      },
    );
  };
}
