import { z } from 'zod';
import type { Health } from '../../telemetry/health.ts';
import type { HttpRoutes } from './http-app.ts';

export const healthBody = z.object({ status: z.literal('ok') }).describe('The server accepts requests.');
export const readyBody = z
  .object({ status: z.enum(['ready', 'not ready']), reasons: z.array(z.string()) })
  .describe('Whether the process can do its work, and why it cannot.');
export const testBody = z.object({ message: z.string(), status: z.literal('success') }).describe('A greeting.');

/** Routes with which orchestrators check that the process lives, and that it can do its work. */
export function healthRoutes(health: Pick<Health, 'report'> | undefined): HttpRoutes {
  return (app) => {
    app.get(
      '/livez',
      {
        config: { role: 'open' },
        schema: { summary: 'Whether the process lives.', response: { 200: healthBody } },
      },
      async () => ({ status: 'ok' as const }),
    );
    app.get(
      '/readyz',
      {
        config: { role: 'open' },
        schema: {
          summary: 'Whether the process can do its work; 503 with the reasons while it cannot.',
          response: { 200: readyBody, 503: readyBody },
        },
      },
      async (_request, reply) => {
        const { isReady = true, reasons = [] } = health?.report() ?? {};
        reply.code(isReady ? 200 : 503);
        return { status: isReady ? ('ready' as const) : ('not ready' as const), reasons: [...reasons] };
      },
    );
  };
}

/** Routes with which front ends and load balancers check that the server is up. */
export const basicRoutes: HttpRoutes = (app) => {
  app.get(
    '/health',
    {
      config: { role: 'open' },
      schema: { summary: 'Whether the server accepts requests.', response: { 200: healthBody } },
    },
    async () => ({ status: 'ok' as const }),
  );
  app.get(
    '/api/test',
    { config: { role: 'open' }, schema: { summary: 'A greeting for front ends.', response: { 200: testBody } } },
    async () => ({ message: 'Backend is working', status: 'success' as const }),
  );
};
