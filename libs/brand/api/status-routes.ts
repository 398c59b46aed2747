import type { HttpRoutes } from '../../transport/http/http-app.ts';
import { longPoll } from '../../transport/http/long-poll.ts';
import { consistencyHook } from '../consistency/fastify-hook.ts';
import { statusBodySchema, testProgressBodySchema } from '../status/bodies.ts';
import { statusBody, testProgress } from '../status/status-body.ts';
import type { DiagnosisApiDeps } from './deps.ts';
import type { DiagnosisReader } from './diagnosis-reader.ts';
import { REFUSED } from './refusals.ts';
import { progressQuery, statusQuery, taskParams } from './requests.ts';

const SECOND_MS = 1_000;

/** The status of a diagnosis: `GET /test/status/{task_id}` and `GET /api/test-progress`. Every response is checked. */
export function statusRoutes(
  reader: DiagnosisReader,
  { consistency }: Pick<DiagnosisApiDeps, 'consistency'>,
): HttpRoutes {
  return (app, { drain }) => {
    app.addHook('preSerialization', consistencyHook(consistency));

    app.get(
      '/test/status/:task_id',
      {
        config: { role: 'reader' },
        schema: {
          summary:
            'The status of a diagnosis, with the results so far; with `wait`, as soon as its stage changes or another report stands.',
          params: taskParams,
          querystring: statusQuery,
          response: { 200: statusBodySchema.describe('The status.'), ...REFUSED.reading },
        },
      },
      async ({ params: { task_id: runId }, query: { wait, offset, limit, ...known } }, reply) => {
        if (wait === 0) return statusBody(await reader.whole(await reader.look(runId)), { offset, limit });
        const waiting = longPoll(wait * SECOND_MS, drain, reply.raw);
        try {
          return statusBody(await reader.whole(await reader.after(runId, known, waiting.signal)), { offset, limit });
        } finally {
          waiting.end();
        }
      },
    );

    app.get(
      '/api/test-progress',
      {
        config: { role: 'reader' },
        schema: {
          summary: 'The status of a diagnosis, and whether its results agree with its stage.',
          querystring: progressQuery,
          response: { 200: testProgressBodySchema.describe('The status.'), ...REFUSED.reading },
        },
      },
      async ({ query }) => testProgress(await reader.whole(await reader.look(query.executionId))),
    );
  };
}
