/**
 * A process for tests that kill it: `node diagnosis-process.ts FILE BASE_URL PAGES_URL EARLY_AT_MS [STEP:POINT:PASS]`. Begins a
 * diagnosis in the database, or goes on with the one that stands there; prints how many calls are stored and the revision of the
 * report, and at last how many calls were answered. EARLY_AT_MS is the time of the early report; the last argument says where the process
 * is to die by itself.
 */
import { defineDiagnosis } from '../../libs/brand/module/define-diagnosis.ts';
import type { ReportItem } from '../../libs/brand/module/items.ts';
import { ModuleRegistry } from '../../libs/calls/registry.ts';
import { loadConfig } from '../../libs/config/load-config.ts';
import { silentLog } from '../../libs/telemetry/log.ts';
import { startSingleNode } from '../../services/node/single.ts';
import { dying, parseDeath } from './dying-module.ts';
import { registryOf } from './models.ts';

const [path = '', baseUrl = '', pagesUrl = '', earlyAtMs = '', death] = process.argv.slice(2);
const models = ['qwen', 'zhipu'];
// One call of a model after the other: what was answered first is stored when a later one is under way.
const limits = { requestsPerSecond: 1_000, concurrency: 1 };
const defined = defineDiagnosis({
  registry: () => registryOf(baseUrl, models, { limits }),
  pageUrl: (url) => pagesUrl + encodeURIComponent(url),
  times: { earlyAtMs: Number(earlyAtMs), reportByMs: Number(earlyAtMs) + 10_000 },
});
const module = death === undefined ? defined : dying(defined, parseDeath(death));
const { config } = loadConfig({
  env: {},
  overrides: {
    'store.path': path,
    lease_ms: 1_000,
    sweep_interval_ms: 20,
    'limits.requests_per_second': 0,
    'robots.enabled': false,
    'http.allowed_untrusted_targets': '127.0.0.1',
  },
});
const node = startSingleNode({ config, modules: new ModuleRegistry([module]), log: silentLog });
const [standing] = await node.store.listRuns({ limit: 1 });
const { runId } = standing ?? (await begin());
const timer = setInterval(() => void tell(), 20);
await node.closed(runId);
clearInterval(timer);
const [report] = await node.store.readItems({ runId, afterSeq: 0, limit: 1, type: 'report' });
const { completed, total } = JSON.parse(report?.data ?? '{}') as ReportItem;
process.stdout.write(`${JSON.stringify({ completed, total })}\n`);
await node.stop();

async function begin() {
  await node.store.putAccount({
    account: 'a',
    platform: 'p',
    login: { TEST_MODEL_KEY: 'nobodys-key' },
    updatedAtMs: 1,
  });
  const questions = ['推荐几款跑鞋', '哪些跑鞋耐磨', '跑鞋怎么选'];
  const input = { brand: '海澜鞋业', rivals: ['云步'], questions, models };
  return node.submit({ modules: [module.id], input, account: 'a', platform: 'p' });
}

async function tell(): Promise<void> {
  const rows = await node.store.readItems({ runId, afterSeq: 0, limit: 100, type: 'call' });
  const [report] = await node.store.readItems({ runId, afterSeq: 0, limit: 1, type: 'report' });
  process.stdout.write(`${JSON.stringify({ stored: rows.length, revision: report?.revision ?? 0 })}\n`);
}
