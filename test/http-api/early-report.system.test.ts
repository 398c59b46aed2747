/** Both reports of a diagnosis on five services whose processes are killed with -9, at the times that users have. */
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { startProvider } from '../brand-flow/provider.ts';
import {
  type Deployment,
  FIVE_SERVICES,
  type ServiceName,
  startDeployment,
} from '../fixtures/deployment/deployment.ts';
import type { ServiceProcess } from '../fixtures/deployment/service-process.ts';
import { get, KEY, KEY_NAME, post, registryFile, SUBMISSION } from './serving.ts';

const MODULE = join(import.meta.dirname, '../../libs/brand/module/brand-diagnosis.ts');
/** The first report comes after 17 seconds, the second one after two restarts. */
const PATIENCE_MS = 240_000;

it('a diagnosis has both reports, whatever is killed before the first and between the two', {
  timeout: PATIENCE_MS,
}, async () => {
  const provider = await startProvider(({ model }) => (model === 'zhipu-test' ? 'half_late' : 'whole'));
  onTestFinished(() => provider.stop());
  const deployment = await startDeployment({
    modules: [MODULE],
    env: {
      [KEY_NAME]: KEY,
      CATENA_DOWNLOADER_SECRETS: KEY_NAME,
      CATENA_BRAND_PROVIDERS: registryFile(provider.baseUrl),
      CATENA_API_LISTEN: '127.0.0.1:0',
    },
  });
  onTestFinished(() => deployment.stop());
  const running = new Map<ServiceName, ServiceProcess>();
  deployment.services.forEach((service, at) => void running.set(FIVE_SERVICES[at]!, service));
  const api = (): string => running.get('ingress')?.log.find(({ msg }) => msg === 'ready')?.api as string;

  // No cited page is read: those that the answers name stand in the world.
  const { body } = await post(api(), { ...SUBMISSION, maxSources: 0 });
  const runId = body.execution_id as string;
  await expect.poll(() => provider.calls.length, { timeout: 60_000 }).toBe(4);
  const answered = async () => (await get(`${api()}/test/status/${runId}`)).body.results.length;
  await expect.poll(answered, { timeout: 60_000 }).toBe(2);
  await replace(deployment, running, ['downloader', 'parser']);
  // The calls that were under way are made again.
  await expect.poll(() => provider.calls.length, { timeout: 60_000 }).toBeGreaterThanOrEqual(6);

  const early = await get(`${api()}/test/status/${runId}?wait=60&revision=0`);
  expect(early.body).toMatchObject({
    ...{ stage: 'completed', revision: 1, final: false, progress: 100 },
    coverage: { calls: 4, whole: 2, failed: 0 },
  });

  // Whether the text of a call that began again was stored by then depends on how long the start took.
  const { partial, pending } = early.body.coverage;
  expect(partial + pending).toBe(2);

  await replace(deployment, running, FIVE_SERVICES);
  const standing = await get(`${api()}/test/status/${runId}`);
  expect(standing.body, 'the report stands in the store').toEqual(early.body);
  provider.release();
  const last = await get(`${api()}/test/status/${runId}?wait=60&revision=1`);
  expect(last.body).toMatchObject({
    ...{ stage: 'completed', revision: 2, final: true, partial: false },
    coverage: { calls: 4, whole: 4, partial: 0, failed: 0, pending: 0 },
  });
  expect(
    provider.calls.filter(({ model }) => model === 'qwen-test'),
    'asked once: it was answered',
  ).toHaveLength(2);
});

/** Kills these processes with -9 and starts others in their places. */
async function replace(
  deployment: Deployment,
  running: Map<ServiceName, ServiceProcess>,
  names: readonly ServiceName[],
): Promise<void> {
  for (const name of names) {
    const { child } = running.get(name)!;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }
  for (const name of names) running.set(name, await deployment.start(name, running.get(name)!.port));
}
