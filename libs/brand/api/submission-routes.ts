import { z } from 'zod';
import type { TaskSubmission } from '../../stage/run/submit.ts';
import type { HttpRoutes } from '../../transport/http/http-app.ts';
import type { DiagnosisApiDeps } from './deps.ts';
import { REFUSED } from './refusals.ts';
import { submissionHeaders, submissionRequest } from './requests.ts';
import { toTask, warningsOf } from './submission.ts';

export const submissionBody = z
  .object({
    status: z.literal('success'),
    execution_id: z.string().describe('The id of the run; the routes below call it `task_id` too.'),
    message: z.string(),
    warnings: z
      .array(z.string())
      .describe('What may make the figures wrong, such as a brand that is an ordinary word.'),
  })
  .describe('The diagnosis is stored and survives a crash of the server.');

const MINUTE_MS = 60_000;

/** `POST /api/perform-brand-test`. */
export function submissionRoutes(deps: DiagnosisApiDeps): HttpRoutes {
  const { submit, submissionsPerMinute: max } = deps;
  const tasks = new WeakMap<object, TaskSubmission>();
  // The limit's hook comes after the route's own, so that a request that is refused as wrong does not count.
  const rateLimit = max === 0 ? false : ({ hook: 'preHandler', max, timeWindow: MINUTE_MS } as const);
  return (app) => {
    app.post(
      '/api/perform-brand-test',
      {
        config: { role: 'submitter', rateLimit },
        preHandler: async ({ raw, body, headers }) => {
          tasks.set(raw, await toTask(deps, body, headers['idempotency-key']));
        },
        schema: {
          summary: 'Starts a diagnosis.',
          body: submissionRequest,
          headers: submissionHeaders,
          response: { 200: submissionBody, ...REFUSED.submission },
        },
      },
      async ({ raw }) => {
        // The hook has set it, or refused the request.
        const task = tasks.get(raw) as TaskSubmission;
        const { runId } = await submit(task);
        const message = `the diagnosis is accepted; GET /test/status/${runId} returns its status`;
        return { status: 'success' as const, execution_id: runId, message, warnings: warningsOf(task.input) };
      },
    );
  };
}
