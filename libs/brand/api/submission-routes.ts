import { z } from 'zod';
import type { HttpRoutes } from '../../transport/http/http-app.ts';
import type { DiagnosisApiDeps } from './deps.ts';
import { REFUSED } from './refusals.ts';
import { submissionHeaders, submissionRequest } from './requests.ts';
import { toTask } from './submission.ts';

export const submissionBody = z
  .object({
    status: z.literal('success'),
    execution_id: z.string().describe('The id of the run; the routes below call it `task_id` too.'),
    message: z.string(),
  })
  .describe('The diagnosis is stored and survives a crash of the server.');

const MINUTE_MS = 60_000;

/** `POST /api/perform-brand-test`. */
export function submissionRoutes(deps: DiagnosisApiDeps): HttpRoutes {
  const { submit, submissionsPerMinute: max } = deps;
  // After the checks, so that a request that is refused as wrong does not count.
  const rateLimit = max === 0 ? false : ({ hook: 'preHandler', max, timeWindow: MINUTE_MS } as const);
  return (app) => {
    app.post(
      '/api/perform-brand-test',
      {
        config: { role: 'submitter', rateLimit },
        schema: {
          summary: 'Starts a diagnosis.',
          body: submissionRequest,
          headers: submissionHeaders,
          response: { 200: submissionBody, ...REFUSED.submission },
        },
      },
      async ({ body, headers }) => {
        const { runId } = await submit(await toTask(deps, body, headers['idempotency-key']));
        const message = `the diagnosis is accepted; GET /test/status/${runId} returns its status`;
        return { status: 'success' as const, execution_id: runId, message };
      },
    );
  };
}
