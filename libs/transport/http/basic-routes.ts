import { z } from 'zod';
import type { HttpRoutes } from './http-app.ts';

export const healthBody = z.object({ status: z.literal('ok') }).describe('Requests are taken.');
export const testBody = z.object({ message: z.string(), status: z.literal('success') }).describe('A greeting.');

/** What front ends and load balancers ask to see whether anybody is there. */
export const basicRoutes: HttpRoutes = (app) => {
  app.get(
    '/health',
    { config: { role: 'open' }, schema: { summary: 'Whether requests are taken.', response: { 200: healthBody } } },
    async () => ({ status: 'ok' as const }),
  );
  app.get(
    '/api/test',
    { config: { role: 'open' }, schema: { summary: 'A greeting for front ends.', response: { 200: testBody } } },
    async () => ({ message: 'Backend is working', status: 'success' as const }),
  );
};
