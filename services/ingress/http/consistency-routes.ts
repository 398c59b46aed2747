import type { ConsistencyMonitor } from '../../../libs/brand/consistency/monitor.ts';
import { consistencyReportSchema } from '../../../libs/brand/consistency/report-schema.ts';
import { errorBody } from '../../../libs/transport/http/error-answer.ts';
import type { HttpRoutes } from '../../../libs/transport/http/http-app.ts';

/** `GET /api/consistency-report`: how consistent the status answers of this process have been. */
export function consistencyRoutes(monitor: Pick<ConsistencyMonitor, 'report'>): HttpRoutes {
  return (app) => {
    app.get(
      '/api/consistency-report',
      {
        config: { role: 'reader' },
        schema: {
          summary: 'How consistent the status answers of this process have been since it began.',
          response: { 200: consistencyReportSchema, 401: errorBody, 500: errorBody },
        },
      },
      async () => monitor.report(),
    );
  };
}
