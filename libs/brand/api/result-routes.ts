import { z } from 'zod';
import { CatenaError } from '../../errors/catena-error.ts';
import type { HttpRoutes } from '../../transport/http/http-app.ts';
import { longPoll } from '../../transport/http/long-poll.ts';
import { reportCsv } from '../report/csv.ts';
import { type PageRefresh, reportPage } from '../report/page.ts';
import type { RunReport } from '../report/run-report.ts';
import { deepIntelligenceBodySchema, historyBodySchema } from '../status/bodies.ts';
import { NO_REVISION, revisionOf } from '../status/certainty.ts';
import { deepIntelligence } from '../status/deep-intelligence.ts';
import { isDiagnosis } from '../status/diagnosis-items.ts';
import type { Stage } from '../status/stages.ts';
import { historyBody, historyEntry } from '../status/status-body.ts';
import type { DiagnosisApiDeps } from './deps.ts';
import type { DiagnosisReader } from './diagnosis-reader.ts';
import { REFUSED } from './refusals.ts';
import { historyQuery, reportParams, reportQuery, taskParams } from './requests.ts';

/** The files of a report, by the endings that the command line gives them. */
const REPORT_TYPES = {
  '.html': { type: 'text/html', render: (run: RunReport) => reportPage(run, { next: nextPage(run) }) },
  '.csv': { type: 'text/csv', render: reportCsv },
} as const;

const SECOND_MS = 1_000;
/** How long a page of a preliminary report waits for the next one before it comes again. */
const PAGE_WAIT_SECONDS = 25;

/** The results of diagnoses: `GET /api/deep-intelligence/{task_id}`, `GET /api/report/{task_id}.html` or `.csv`, `GET /api/test-history`. */
export function resultRoutes(reader: DiagnosisReader, { store }: Pick<DiagnosisApiDeps, 'store'>): HttpRoutes {
  return (app, { drain }) => {
    app.get(
      '/api/deep-intelligence/:task_id',
      {
        config: { role: 'reader' },
        schema: {
          summary: 'The result of a completed diagnosis, preliminary or final; refused for any other.',
          params: taskParams,
          response: { 200: deepIntelligenceBodySchema.describe('Scores, comparison, advice.'), ...REFUSED.reading },
        },
      },
      async ({ params }) => {
        const look = await reader.look(params.task_id);
        const { record, status } = look;
        // A completed diagnosis has a report.
        const report = status.stage === 'completed' ? await reader.report(look) : undefined;
        if (report === undefined) throw notCompleted(record.runId, status.stage);
        return deepIntelligence({ record, report });
      },
    );

    app.get(
      '/api/report/:file',
      {
        config: { role: 'reader' },
        schema: {
          summary:
            'The report of a completed diagnosis, preliminary or final, as a page that needs no other file, or as a table for spreadsheets.',
          params: reportParams,
          querystring: reportQuery,
          produces: Object.values(REPORT_TYPES).map(({ type }) => type),
          response: { 200: z.string().describe('The page or the table.'), ...REFUSED.reading },
        },
      },
      async ({ params: { file }, query: { wait, revision } }, reply) => {
        const at = file.lastIndexOf('.');
        const { type, render } = REPORT_TYPES[file.slice(at) as keyof typeof REPORT_TYPES];
        const runId = file.slice(0, at);
        const waiting = longPoll(wait * SECOND_MS, drain, reply.raw);
        const known = { revision: revision ?? NO_REVISION };
        const look = await (wait === 0 ? reader.look(runId) : reader.after(runId, known, waiting.signal)).finally(
          waiting.end,
        );
        if (look.status.stage !== 'completed') throw notCompleted(look.record.runId, look.status.stage);
        return reply.type(`${type}; charset=utf-8`).send(render(await reader.runReport(look)));
      },
    );

    app.get(
      '/api/test-history',
      {
        config: { role: 'reader' },
        schema: {
          summary: 'The diagnoses of a user, the newest first.',
          querystring: historyQuery,
          response: { 200: historyBodySchema.describe('A page of diagnoses.'), ...REFUSED.list },
        },
      },
      async ({ query: { userOpenid: user, limit, offset } }) => {
        const records = (await store.listRuns({ user, limit, offset })).filter(isDiagnosis);
        const statuses = await Promise.all(records.map((record) => reader.statusAt(record)));
        return historyBody(records.map((record, at) => historyEntry(record, statuses[at]!)));
      },
    );
  };
}

/** Where the page that replaces a preliminary one comes from: the same place, as soon as another report stands. */
function nextPage({ report }: RunReport): PageRefresh {
  return { afterSeconds: 1, url: `?revision=${revisionOf(report)}&wait=${PAGE_WAIT_SECONDS}` };
}

function notCompleted(runId: string, stage: Stage): CatenaError {
  return new CatenaError('api.not_completed', `the diagnosis ${runId} is not completed: its stage is ${stage}`, {
    data: { runId, stage },
    remedy:
      stage === 'failed'
        ? `GET /test/status/${runId} says why it failed`
        : `wait until GET /test/status/${runId} says completed`,
  });
}
