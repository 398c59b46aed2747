import { expect, it } from 'vitest';
import { silentLog } from '../../telemetry/log.ts';
import { startHttpServer } from '../../transport/http/http-server.ts';
import { consistencyRoutes } from './consistency-routes.ts';

it('the monitor reports from the moment the server listens until it is stopped', async () => {
  const calls: string[] = [];
  const routes = consistencyRoutes({
    report: () => {
      throw new Error('nobody asks');
    },
    start: () => void calls.push('start'),
    stop: () => void calls.push('stop'),
  });
  const server = await startHttpServer({
    ...{ listen: '127.0.0.1:0', routes: [routes], log: silentLog, maxBodyBytes: 1_000, drainMs: 100 },
    info: { title: 'a', description: 'b', version: '1.0.0' },
  });
  expect(calls).toEqual(['start']);
  await server.stop();
  expect(calls).toEqual(['start', 'stop']);
});
