/** Two processes of distributed mode work at a diagnosis whose calls all fail: who watches is told of each trouble. */
import { expect, it, vi } from 'vitest';
import { defineDiagnosis } from '../../libs/brand/module/define-diagnosis.ts';
import { readDiagnosisItems } from '../../libs/brand/status/diagnosis-items.ts';
import { diagnosisStatus } from '../../libs/brand/status/diagnosis-status.ts';
import { startAlertReceiver } from '../fixtures/alert-receiver.ts';
import { distributedMode } from '../fixtures/distributed-node.ts';
import { registryOf } from './models.ts';
import { KEY, provider } from './scene.ts';

const distributed = distributedMode();
const MODELS = ['qwen', 'zhipu'];

it('breakers are told once each, and the run that failed (X6, B27, B33)', async () => {
  const { baseUrl } = await provider(() => 'server_error');
  const registry = registryOf(baseUrl, MODELS);
  const module = defineDiagnosis({ registry: () => registry });
  const { url, received } = await startAlertReceiver();
  const place = await distributed.newPlace();
  const [node] = await Promise.all([1, 2].map(() => place.start([module], { 'alerts.webhook': url })));
  const { store, coordinator } = node!;
  await store.putAccount({ account: 'acme', platform: 'web', login: { TEST_MODEL_KEY: KEY }, updatedAtMs: 1 });
  const questions = Array.from({ length: 12 }, (_, index) => `推荐第${index}类跑鞋`);
  const input = { brand: '海澜鞋业', questions, models: MODELS, attempts: 1 };
  const { runId } = await node!.submit({ modules: [module.id], input, account: 'acme', platform: 'web' });
  await node!.closed(runId);

  const record = (await store.findRun(runId))!;
  const items = readDiagnosisItems(await store.readItems({ runId, afterSeq: 0, limit: 10_000 }));
  const status = diagnosisStatus({ record, items, snapshot: await coordinator.findRun(runId) });
  expect(status).toMatchObject({ stage: 'failed', failedStage: 'ai_fetching', lastProgress: 59 });

  await vi.waitFor(() => expect(received.map(({ kind }) => kind)).toContain('run'), { timeout: 60_000 });
  const breakers = received.filter(({ kind }) => kind === 'breaker').map(({ key }) => key);
  expect(breakers.sort()).toEqual(MODELS.map((model) => `breaker:${model}:海澜鞋业`).sort());
  const runs = received.filter(({ kind }) => kind === 'run');
  expect(new Set(runs.map(({ key }) => key))).toEqual(new Set([`run:${runId}`]));
  expect(runs[0]?.summary).toContain('none of 24 calls was answered');
});
