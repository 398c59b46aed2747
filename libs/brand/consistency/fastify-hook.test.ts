import { fastify } from 'fastify';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../clock/clock.ts';
import { silentLog } from '../../telemetry/log.ts';
import { consistencyHook } from './fastify-hook.ts';
import { createConsistencyMonitor } from './monitor.ts';

const wrong = { task_id: 'run-1', stage: 'failed', status: 'completed', progress: 100, is_completed: true };

describe('the hook on status routes (B45)', () => {
  const monitor = createConsistencyMonitor({ clock: new ManualClock(), log: silentLog });
  const app = fastify();
  app.get('/status', { preSerialization: consistencyHook(monitor) }, async () => wrong);
  app.get('/gone', { preSerialization: consistencyHook(monitor) }, async (_request, reply) => {
    return reply.code(404).send({ error: 'x', message: 'y', status: 'error' });
  });
  app.get('/other', async () => wrong);

  it('sends answers repaired', async () => {
    const response = await app.inject('/status');
    expect(response.json()).toEqual({ ...wrong, status: 'failed', progress: 0 });
    expect(monitor.report()).toMatchObject({ checks: 1, issues: 1 });
  });

  it('lets errors and other routes pass unchecked', async () => {
    const { checks } = monitor.report();
    expect((await app.inject('/gone')).json()).toEqual({ error: 'x', message: 'y', status: 'error' });
    expect((await app.inject('/other')).json()).toEqual(wrong);
    expect(monitor.report().checks).toBe(checks);
  });
});
