/** `catena diagnose` with a model that is slower than the first report, at the times that users have. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { startSingleNode } from '../../../services/node/single.ts';
import { startProvider } from '../../../test/brand-flow/provider.ts';
import { startCli } from '../../cli/cli.fixture.ts';
import { brandExtension } from '../extension.ts';

const PATIENCE_MS = 60_000;

it('tells and writes a preliminary report within 20 seconds, and the final one in its place', {
  timeout: 2 * PATIENCE_MS,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'catena-diagnose-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  vi.stubEnv('TEST_MODEL_KEY', 'key-of-nobody-123456');
  onTestFinished(() => void vi.unstubAllEnvs());
  const provider = await startProvider(({ model }) => (model === 'zhipu-test' ? 'half_late' : 'whole'));
  onTestFinished(() => provider.stop());
  const entry = (name: string) =>
    `{ name: ${name}, codec: openai-chat, baseUrl: '${provider.baseUrl}', model: ${name}-test, keyReference: TEST_MODEL_KEY }`;
  writeFileSync(join(folder, 'providers.yaml'), `providers: [${['qwen', 'zhipu'].map(entry).join(', ')}]\n`);
  const output = join(folder, 'report');
  const call = startCli(
    [
      ...['diagnose', '--brand', '海澜鞋业', '--rival', '云步', '--question', '推荐几款跑鞋', '--max-sources', '0'],
      ...['--model', 'qwen', '--model', 'zhipu', '-o', output, '--db', join(folder, 'catena.db')],
      ...['--set', `brand.providers=${join(folder, 'providers.yaml')}`],
      ...['--set', 'http.allowed_private_targets=127.0.0.1'],
    ],
    {
      env: { TEST_MODEL_KEY: 'key-of-nobody-123456' },
      extensions: [brandExtension],
      loadEngine: async () => startSingleNode,
    },
  );
  await vi.waitFor(() => expect(call.stderr()).toContain('report so far'), { timeout: PATIENCE_MS });
  expect(call.stderr()).toContain('calls: 1 whole, 1 read as far as they have come, 0 without a word yet, 0 failed');
  expect(call.stderr()).toContain('the final report takes its place, 60s after the start at the latest');
  expect(call.stdout()).toBe('');
  const read = () => JSON.parse(readFileSync(join(output, 'report.json'), 'utf8'));
  const early = read();
  expect(early).toMatchObject({ revision: 1, final: false, coverage: { whole: 1, partial: 1, pending: 0 } });
  expect(early.elapsed).toBeLessThan(20_000);
  expect(early.rows).toHaveLength(2);
  expect(readFileSync(join(output, 'report.html'), 'utf8')).toContain('http-equiv="refresh"');

  provider.release();
  expect(await call.code).toBe(0);
  expect(call.stdout()).toContain('calls: 2 whole, 0 cut off with their text kept, 0 failed');
  expect(read()).toMatchObject({ revision: 2, final: true, coverage: { whole: 2, partial: 0 } });
  expect(readFileSync(join(output, 'report.html'), 'utf8')).not.toContain('http-equiv="refresh"');
});
