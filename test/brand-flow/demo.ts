/**
 * `npm run demo:brand`: a diagnosis of one brand and three rivals, three questions to four models that are as slow as real
 * ones, on loopback. A preliminary report comes within 20 seconds, with whatever has been said by then, the final one when the slow
 * models have ended, within a minute. Each is left in the same three files.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { defineDiagnosis } from '../../libs/brand/module/define-diagnosis.ts';
import { DEFAULT_DEADLINE_MS, REPORT_TIMES } from '../../libs/brand/module/run-times.ts';
import { seconds } from '../../libs/brand/report/numbers.ts';
import { reportFiles } from '../../libs/brand/report/report-files.ts';
import { type RunReport, toRunReport } from '../../libs/brand/report/run-report.ts';
import { summaryOf } from '../../libs/brand/report/summary.ts';
import { ModuleRegistry } from '../../libs/calls/registry.ts';
import { loadConfig } from '../../libs/config/load-config.ts';
import { silentLog } from '../../libs/telemetry/log.ts';
import { startSingleNode } from '../../services/node/single.ts';
import { BRANDS, QUESTIONS } from './answers.ts';
import { startModels } from './models.ts';
import { startPages } from './pages.ts';

const FOLDER = 'out/brand-report';
/** More than a demo leaves. */
const MAX_ITEMS = 1_000;
const LOOK_MS = 100;
const [brand, ...rivals] = BRANDS;

async function demo(): Promise<number> {
  const models = await startModels({ questions: QUESTIONS, seed: 3, scale: 1 });
  const pages = await startPages(`${brand} 与 ${rivals[0]} 的对比评测`);
  const module = defineDiagnosis({ registry: () => models.registry, pageUrl: pages.pageUrl });
  const { config } = loadConfig({
    env: {},
    overrides: {
      'store.path': ':memory:',
      'limits.requests_per_second': 100,
      sweep_interval_ms: 20,
      // The pages that its models cite are on loopback.
      'http.allowed_untrusted_targets': '127.0.0.1',
    },
  });
  const node = startSingleNode({ config, modules: new ModuleRegistry([module]), log: silentLog });
  await node.store.putAccount({
    ...{ account: 'demo', platform: 'models', updatedAtMs: Date.now() },
    login: { TEST_MODEL_KEY: 'not-a-key-of-anybody' },
  });
  say(`${QUESTIONS.length} questions go to ${models.names.length} models; a first report comes within 20 s.`);
  const startedMs = performance.now();
  const run = await node.submit({
    modules: [module.id],
    // All at once: none of them may wait for another and come too late for it.
    input: { brand, rivals, questions: [...QUESTIONS], models: models.names, concurrency: 12 },
    account: 'demo',
    platform: 'models',
    deadlineMs: DEFAULT_DEADLINE_MS,
  });
  mkdirSync(FOLDER, { recursive: true });
  const closed = node.closed(run.runId).then(() => true);
  const read = async (): Promise<RunReport | undefined> => {
    const items = await node.store.readItems({ runId: run.runId, afterSeq: 0, limit: MAX_ITEMS });
    const record = await node.store.findRun(run.runId);
    return record !== undefined && items.some(({ type }) => type === 'report') ? toRunReport(record, items) : undefined;
  };
  let first: RunReport | undefined;
  while (first === undefined && !(await Promise.race([closed, sleep(LOOK_MS, false)]))) first = await read();
  const firstMs = performance.now() - startedMs;
  if (first !== undefined) tell(first, [`the first report came after ${seconds(firstMs)}`]);
  await closed;
  const wallMs = performance.now() - startedMs;
  const last = await read();
  if (last !== undefined) {
    tell(last, [`the whole took ${seconds(wallMs)}; one call after the other: ${seconds(models.serialMs)}`]);
  }
  await node.stop();
  return firstMs <= REPORT_TIMES.reportByMs && wallMs <= DEFAULT_DEADLINE_MS && last?.report.success === true ? 0 : 1;
}

/** Prints the report, and writes it into the files of the one before. */
function tell(report: RunReport, more: readonly string[]): void {
  process.stdout.write(`${summaryOf(report.report, more)}\n`);
  for (const { name, text } of reportFiles(report)) {
    writeFileSync(join(FOLDER, name), text);
    process.stdout.write(`report: ${resolve(FOLDER, name)}\n`);
  }
  process.stdout.write('\n');
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

// The test provider would go on with the answers that nobody waits for.
process.exit(await demo());
