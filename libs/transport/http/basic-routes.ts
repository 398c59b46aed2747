import { z } from 'zod';
import type { HttpRoutes } from './http-app.ts';

export const healthBody = z.object({ status: z.literal('ok') }).describe('The server accepts requests.');
export const testBody = z.object({ message: z.string(), status: z.literal('success') }).describe('A greeting.');

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
