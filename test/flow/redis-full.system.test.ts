/** A Redis without memory left: nothing is lost, nobody floods the log, and whoever asks hears the reason. */
import { Redis } from 'ioredis';
import { expect, it, onTestFinished, vi } from 'vitest';
import { startCountedSite } from '../fixtures/deployment/counted-site.ts';
import { startDeployment } from '../fixtures/deployment/deployment.ts';
import { closedRun, itemsOfRun, submitRun } from '../fixtures/deployment/runs.ts';

const PATIENT = { timeout: 60_000, interval: 50 };
const FULL_MS = 13_000;

it('K7: processes wait and say so, submissions are refused with the reason, and the run goes on when there is memory', async () => {
  const site = await startCountedSite(20);
  const deployment = await startDeployment({
    modules: ['test/fixtures/modules/pages.ts'],
    env: {
      CATENA_LIMITS_REQUESTS_PER_SECOND: '0',
      CATENA_LIMITS_CONCURRENCY_PER_HOST: '20',
      CATENA_ROBOTS_ENABLED: 'false',
      CATENA_LEASE_MS: '10000',
    },
    services: ['all', 'all'],
  });
  onTestFinished(() => deployment.stop());
  const redis = new Redis(deployment.servers.redis.url);
  onTestFinished(() => redis.disconnect());
  const before = { runId: await submitRun(deployment, 'pages', { base: site.url, pages: 2_000 }) };
  await vi.waitFor(() => expect(site.total).toBeGreaterThan(100), PATIENT);

  const logged = () =>
    deployment.services.flatMap(({ log }) => log).filter(({ level }) => level === 'error' || level === 'warn');
  const loggedBefore = logged().length;
  await redis.config('SET', 'maxmemory', '1mb');
  for (const { metricsUrl } of deployment.services) {
    await vi.waitFor(async () => {
      const answer = await fetch(`${metricsUrl}/readyz`);
      expect([answer.status, await answer.text()]).toEqual([503, expect.stringMatching(/^redis: .*maxmemory/m)]);
    }, PATIENT);
  }
  await expect(submitRun(deployment, 'pages', { base: site.url, pages: 1 })).rejects.toThrow(/maxmemory/);
  const { reasons } = await deployment.ingress.explainRun({ runId: before.runId });
  expect(reasons[0]).toMatchObject({ code: 'backend_away', text: expect.stringMatching(/maxmemory/) });
  await new Promise((resolve) => setTimeout(resolve, FULL_MS));
  const lines = logged().slice(loggedBefore);
  expect(lines.length).toBeLessThan(200);

  await redis.config('SET', 'maxmemory', '0');
  const { end } = await closedRun(deployment, before.runId);
  expect(end).toMatchObject({ items: 2_000, dead: 0 });
  expect(await itemsOfRun(deployment, before.runId)).toHaveLength(2_000);
  expect(
    (await closedRun(deployment, await submitRun(deployment, 'pages', { base: site.url, pages: 1 }))).end,
  ).toMatchObject({ items: 1 });
}, 240_000);
