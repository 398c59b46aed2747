/** `catena run` with a collector configured, and with one that is not there. */
import { expect, it, onTestFinished } from 'vitest';
import { startShopSite } from '../../examples/shop/site/site.ts';
import { CatenaProcesses, SHOP } from '../../services/catena-processes.fixture.ts';
import { startOtlpReceiver } from '../fixtures/otlp/receiver.ts';

async function runShop(...settings: string[]) {
  const site = await startShopSite({ products: 20, pageSize: 10, seed: 3 });
  onTestFinished(() => site.close());
  const processes = new CatenaProcesses();
  onTestFinished(() => processes.dispose());
  const set = settings.flatMap((setting) => ['--set', setting]);
  return processes.run('run', SHOP, '--input', `base=${site.url}`, '--rps', '0', '-o', 'out.jsonl', ...set);
}

it('a run from the command line is traced to its end', async () => {
  const { endpoint, spans } = await startOtlpReceiver();
  const all = [`otel.endpoint=${endpoint}`, 'otel.sample_ratio=1'];
  const { code, stderr } = await runShop(...all, 'metrics.listen=http://127.0.0.1:0');
  expect([code, stderr]).toEqual([0, expect.stringContaining('completed')]);
  expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1);
  const parsed = spans.filter(
    ({ name, attributes }) => name.startsWith('parse shop/') && attributes.commit === 'COMMIT_OK',
  );
  // Two lists and twenty products, each parsed once, whatever failed in between.
  expect(parsed.length).toBeGreaterThanOrEqual(22);
  expect(spans.filter(({ name }) => name === 'submit shop')).toHaveLength(1);
});

it('a collector that is not there is said once, and the run completes', async () => {
  const { code, stderr } = await runShop('otel.endpoint=http://127.0.0.1:1', 'otel.sample_ratio=1');
  expect([code, stderr]).toEqual([0, expect.stringContaining('completed')]);
  expect(stderr.match(/spans could not be delivered/g)).toHaveLength(1);
});

it('a port for metrics that cannot be had stops the start', async () => {
  const { endpoint } = await startOtlpReceiver();
  const { code, stderr } = await runShop(`metrics.listen=${endpoint}`);
  expect(code).not.toBe(0);
  expect(stderr).toContain('metrics cannot be served');
});
