import { errorBody } from '../../transport/http/error-body.ts';
import type { HttpRoutes } from '../../transport/http/http-app.ts';
import type { ConsistencyMonitor } from '../consistency/monitor.ts';
import { consistencyReportSchema } from '../consistency/report-schema.ts';

/**
 * `GET /api/consistency-report`: the counts of the consistency monitor of this process. The monitor reports to the log
 * while the server listens.
 */
export function consistencyRoutes(monitor: Pick<ConsistencyMonitor, 'report' | 'start' | 'stop'>): HttpRoutes {
  return (app) => {
    app.addHook('onListen', async () => monitor.start());
    app.addHook('onClose', async () => monitor.stop());
    app.get(
      '/api/consistency-report',
      {
        config: { role: 'reader' },
        schema: {
          summary: 'How consistent the status responses of this process have been since it started.',
          response: { 200: consistencyReportSchema, 401: errorBody, 500: errorBody },
        },
      },
      async () => monitor.report(),
    );
  };
}
