/**
 * `npm run demo:brand`: a diagnosis of one brand and three rivals, three questions to four models that are as slow as real
 * ones, on loopback. It ends within 20 seconds, with whatever has arrived by then.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { defineDiagnosis } from '../../libs/brand/module/define-diagnosis.ts';
import type { ReportItem } from '../../libs/brand/module/items.ts';
import { loadConfig } from '../../libs/config/load-config.ts';
import { ModuleRegistry } from '../../libs/modules/registry.ts';
import { silentLog } from '../../libs/telemetry/log.ts';
import { startSingleNode } from '../../services/single-node.ts';
import { BRANDS, QUESTIONS } from './answers.ts';
import { startModels } from './models.ts';
import { startPages } from './pages.ts';
import { summaryOf } from './summary.ts';

const DEADLINE_MS = 20_000;
const REPORT = 'out/brand-report.json';
const [brand, ...rivals] = BRANDS;

async function demo(): Promise<number> {
  const models = await startModels({ questions: QUESTIONS, seed: 3, scale: 1 });
  const pages = await startPages(`${brand} 与 ${rivals[0]} 的对比评测`);
  const module = defineDiagnosis({ registry: () => models.registry, pageUrl: pages.pageUrl });
  const { config } = loadConfig({
    env: {},
    overrides: { 'store.path': ':memory:', 'limits.requests_per_second': 100, sweep_interval_ms: 20 },
  });
  const node = startSingleNode({ config, modules: new ModuleRegistry([module]), log: silentLog });
  await node.store.putAccount({
    ...{ account: 'demo', platform: 'models', updatedAtMs: Date.now() },
    login: { TEST_MODEL_KEY: 'not-a-key-of-anybody' },
  });
  say(`${QUESTIONS.length} questions go to ${models.names.length} models; the report comes within 20 s.`);
  const startedMs = performance.now();
  const run = await node.submit({
    modules: [module.id],
    input: { brand, rivals, questions: [...QUESTIONS], models: models.names },
    account: 'demo',
    platform: 'models',
    deadlineMs: DEADLINE_MS,
  });
  await node.closed(run.runId);
  const wallMs = performance.now() - startedMs;
  const rows = await node.store.readItems({ runId: run.runId, afterSeq: 0, limit: 10, type: 'report' });
  const data = rows[0]?.data;
  if (data === undefined) {
    say('There is no report: the run ended before it was written.');
    return 1;
  }
  const report = JSON.parse(data) as ReportItem;
  mkdirSync('out', { recursive: true });
  writeFileSync(REPORT, `${JSON.stringify(report, null, 2)}\n`);
  process.stdout.write(summaryOf(report, { wallMs, serialMs: models.serialMs }));
  process.stdout.write(`\nreport: ${resolve(REPORT)}\n`);
  await node.stop();
  return wallMs <= DEADLINE_MS && report.success ? 0 : 1;
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

// The test provider would go on with the answers that nobody waits for.
process.exit(await demo());
