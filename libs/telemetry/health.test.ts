import { expect, it, onTestFinished, vi } from 'vitest';
import { Health, type HealthReport } from './health.ts';
import { silentLog } from './log.ts';
import { METRICS } from './metric-names.ts';
import { Metrics } from './metrics.ts';

function open(log = silentLog) {
  const metrics = new Metrics();
  const health = new Health({ log, metrics, intervalMs: 5, timeoutMs: 30 });
  onTestFinished(() => health.drain());
  return { health, metrics };
}

it('a process is not ready before its backends were checked, and says what it waits for', async () => {
  const { health } = open();
  expect(health.report()).toMatchObject({ isReady: false, reasons: ['the process is starting'] });
  health.startsWith('waits for NATS');
  expect(health.report().reasons).toEqual(['waits for NATS']);
  await health.begin({ nats: async () => undefined });
  expect(health.report()).toEqual({
    isReady: true,
    reasons: [],
    backends: [{ backend: 'nats', isReady: true, reason: '', code: '' }],
  });
});

it('a backend that fails or hangs makes it not ready, with the reason, until it answers again', async () => {
  const warn = vi.fn();
  const info = vi.fn();
  const { health, metrics } = open({ ...silentLog, warn, info });
  let redis = () => Promise.resolve();
  let nats = () => Promise.resolve();
  await health.begin({ redis: () => redis(), nats: () => nats() });
  redis = () => Promise.reject(new Error('READONLY'));
  nats = () => new Promise(() => {});
  await vi.waitFor(() => expect(health.report().reasons).toEqual(['redis: READONLY', 'nats: no answer within 30 ms']));
  expect(metrics.gauge(METRICS.backendReady).with({ backend: 'redis' }).value).toBe(0);
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(warn).toHaveBeenCalledTimes(2);
  redis = nats = () => Promise.resolve();
  await vi.waitFor(() => expect(health.report().isReady).toBe(true));
  expect(info).toHaveBeenCalledWith('a backend does its work again', { backend: 'redis' });
});

it('a process that stops is not ready, and whoever listens is told of each change', async () => {
  const { health } = open();
  const told: HealthReport[] = [];
  health.listen((report) => told.push(report));
  await health.begin({ redis: async () => undefined });
  health.drain();
  expect(told.map(({ isReady, reasons }) => [isReady, reasons])).toEqual([
    [false, ['the process is starting']],
    [true, []],
    [false, ['the process is stopping']],
  ]);
});
