/** A server of the base with a few routes of the test, on a free port of loopback. */
import { onTestFinished } from 'vitest';
import { z } from 'zod';
import { CatenaError } from '../../errors/catena-error.ts';
import { silentLog } from '../../telemetry/log.ts';
import type { HttpRoutes } from './http-app.ts';
import { type HttpServer, type HttpServerOptions, startHttpServer } from './http-server.ts';

export const LIMIT_BYTES = 2_000;

const OPEN = { role: 'open' } as const;

/** Routes that fail, check, wait and count. */
export const probeRoutes: HttpRoutes = (app, { drain }) => {
  app.get('/open', { config: OPEN }, async () => ({ fine: true }));
  app.get('/read', { config: { role: 'reader' } }, async () => ({ fine: true }));
  app.post(
    '/write/:id',
    {
      config: { role: 'submitter' },
      schema: {
        params: z.object({ id: z.string().min(3) }),
        querystring: z.object({ times: z.coerce.number().default(1) }),
        body: z.object({ name: z.string(), tags: z.array(z.object({ n: z.number() })).default([]) }),
        response: { 200: z.object({ said: z.string() }) },
      },
    },
    async ({ params, query, body }) => ({ said: `${params.id} ${body.name.repeat(query.times)} ${body.tags.length}` }),
  );
  app.get('/limited', { config: { ...OPEN, rateLimit: { max: 2, timeWindow: 60_000 } } }, async ({ ip }) => ({ ip }));
  app.get('/fails/:how', { config: OPEN }, async ({ params }) => {
    throw FAILURES[(params as { readonly how: string }).how];
  });
  app.get('/waits', { config: OPEN }, async () => {
    await new Promise<void>((resolve) => drain.addEventListener('abort', () => resolve()));
    return { answered: 'at once' };
  });
  app.get('/hangs', { config: OPEN }, () => new Promise<never>(() => {}));
};

const FAILURES: Readonly<Record<string, unknown>> = {
  known: new CatenaError('api.unknown_run', 'there is no run r1', { remedy: 'ListRuns lists them' }),
  later: new CatenaError('store.unavailable', 'the store is away', { class: 'retryable', retryAfterMs: 1_500 }),
  unplanned: new Error('password hunter2 is wrong'),
  nothing: undefined,
};

/** Started, and stopped when the test ends. */
export async function serve(changes: Partial<HttpServerOptions> = {}): Promise<HttpServer> {
  const server = await startHttpServer({
    listen: '127.0.0.1:0',
    info: { title: 'probe', description: 'routes of a test', version: '1.2.3' },
    routes: [probeRoutes],
    maxBodyBytes: LIMIT_BYTES,
    log: silentLog,
    drainMs: 2_000,
    ...changes,
  });
  onTestFinished(() => server.stop());
  return server;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

export async function ask(url: string, init?: RequestInit): Promise<Answer> {
  const response = await fetch(url, init);
  const text = await response.text();
  const body = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
  return { status: response.status, headers: response.headers, body };
}

export function json(body: unknown, headers: Readonly<Record<string, string>> = {}): RequestInit {
  return { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) };
}
