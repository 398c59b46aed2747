/** A run's login outlives the process that logged in. */
import { expect, it, onTestFinished } from 'vitest';
import { FinishReason } from '../../libs/contracts/services.ts';
import { startServer } from '../../services/downloader/http/loopback.fixture.ts';
import { FIVE_SERVICES, startDeployment } from '../fixtures/deployment/deployment.ts';
import { closedRun, itemsOfRun, submitRun } from '../fixtures/deployment/runs.ts';
import login from '../fixtures/modules/login.ts';

it('a downloader that takes a request over sends the cookies that another one was given', async () => {
  const deployment = await startDeployment({
    modules: ['test/fixtures/modules/login.ts'],
    services: FIVE_SERVICES,
    env: { CATENA_LEASE_MS: '2000', CATENA_ROBOTS_ENABLED: 'false', CATENA_SWEEP_INTERVAL_MS: '200' },
  });
  onTestFinished(() => deployment.stop());
  const first = deployment.services.find(({ name }) => name === 'downloader')!;
  let replaced: Promise<unknown> | undefined;
  const { origin, seen } = await startServer((request, response) => {
    if (request.url === '/login') {
      response.setHeader('set-cookie', 'session=1; Path=/; HttpOnly');
      response.end('welcome');
    } else if (replaced === undefined) {
      // The first to come inside dies before it is answered.
      first.child.kill('SIGKILL');
      replaced = deployment.start('downloader');
    } else response.end(`inside with ${request.headers.cookie}`);
  });
  const runId = await submitRun(deployment, login.id, { base: origin });
  expect((await closedRun(deployment, runId)).end).toMatchObject({ reason: FinishReason.COMPLETED, dead: 0 });
  await replaced;
  expect(await itemsOfRun(deployment, runId)).toEqual(['{"text":"inside with session=1"}']);
  expect(seen.map(({ url }) => url)).toEqual(['/login', '/inside', '/inside']);
}, 120_000);
