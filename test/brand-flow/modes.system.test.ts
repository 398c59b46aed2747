/** The same diagnosis in one process and over Redis, NATS and PostgreSQL: the same rows, to the letter, apart from times. */
import { expect, it, onTestFinished } from 'vitest';
import { defineDiagnosis } from '../../libs/brand/module/define-diagnosis.ts';
import { distributedMode } from '../fixtures/distributed-node.ts';
import { type FlowMode, startIn } from '../fixtures/flow.ts';
import { inFile } from '../fixtures/single-mode.ts';
import { registryOf } from './models.ts';
import { startPages } from './pages.ts';
import type { Behaviour, ProviderCall } from './provider.ts';
import { KEY, provider } from './scene.ts';
import { timeless } from './without-times.ts';

const distributed = distributedMode();
const MODELS = ['qwen', 'zhipu', 'deepseek'];

/** One model answers, one needs a second attempt, one refuses the key. */
function behave({ model, nth }: ProviderCall): Behaviour {
  if (model === 'deepseek-test') return 'refuses_key';
  return model === 'zhipu-test' && nth === 1 ? 'server_error' : 'whole';
}

it('a diagnosis in distributed mode leaves the rows that it leaves in one process', async () => {
  const single = await rowsIn(inFile);
  expect(single.filter((row) => row.startsWith('call '))).toHaveLength(12);
  expect(single.filter((row) => row.startsWith('report '))).toHaveLength(1);
  expect(await rowsIn(distributed)).toEqual(single);
});

async function rowsIn(mode: FlowMode): Promise<string[]> {
  // At one address for both modes: it stands in the texts of errors.
  const { registry, pageUrl } = await ground();
  const module = defineDiagnosis({ registry: () => registry, pageUrl });
  const node = await startIn(mode, [module], { 'http.allowed_untrusted_targets': '127.0.0.1' });
  await node.store.putAccount({ account: 'acme', platform: 'web', login: { TEST_MODEL_KEY: KEY }, updatedAtMs: 1 });
  const { runId } = await node.submit({
    modules: [module.id],
    input: {
      brand: '海澜鞋业',
      rivals: ['云步', 'Strider'],
      // Each asked once: which of two equal requests is sent first, and fails, would be a matter of luck.
      questions: ['推荐几款跑鞋', '海澜鞋业怎么样', '跑鞋怎么选', '马拉松穿什么鞋'],
      models: MODELS,
    },
    account: 'acme',
    platform: 'web',
  });
  await node.closed(runId);
  const { end } = (await node.store.findRun(runId))!;
  expect(end).toMatchObject({ finishReason: 'completed', dead: 0 });
  return timeless(await node.store.readItems({ runId, afterSeq: 0, limit: 10_000 }));
}

async function ground() {
  const { baseUrl } = await provider(behave);
  const pages = await startPages('海澜鞋业 与 云步 的对比');
  onTestFinished(() => pages.stop());
  return { registry: registryOf(baseUrl, MODELS), pageUrl: pages.pageUrl };
}
