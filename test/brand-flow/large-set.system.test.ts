/** Large sets in both modes, of a thousand questions to six models about ten brands in one process: a preliminary report while one model is silent, and the last one. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { DiagnosisReader } from '../../libs/brand/api/diagnosis-reader.ts';
import { defineDiagnosis } from '../../libs/brand/module/define-diagnosis.ts';
import { reportCsv } from '../../libs/brand/report/csv.ts';
import { reportPage } from '../../libs/brand/report/page.ts';
import { statusBody } from '../../libs/brand/status/status-body.ts';
import { distributedMode } from '../fixtures/distributed-node.ts';
import { type FlowMode, startIn } from '../fixtures/flow.ts';
import { inFile } from '../fixtures/single-mode.ts';
import { inputOf, type LargeSet, startQuickModels } from './large-sets.ts';
import { registryOf } from './models.ts';
import { KEY } from './scene.ts';

const BRANDS = 10;
const LARGE = { questions: 1_000, brands: BRANDS, models: ['late', 'qwen', 'zhipu', 'deepseek', 'kimi', 'doubao'] };
/** Of two parts, the first of which has as many rows as a part may have. */
const SMALLER = { questions: 400, brands: BRANDS, models: ['late', 'qwen', 'zhipu'] };
const EARLY_AT_MS = 5_000;
const PATIENCE_MS = 400_000;
const MAX_ITEM_CHARS = 1_024 * 1_024;

it.each<[string, LargeSet, FlowMode]>([
  ['1,000 questions × 10 brands × 6 models in one process', LARGE, inFile],
  ['400 questions × 10 brands × 3 models on services', SMALLER, distributedMode()],
])('a set of %s has both reports', { timeout: 600_000 }, async (_name, set, mode) => {
  const calls = set.questions * set.models.length;
  const models = await startQuickModels(set);
  const registry = registryOf(models.baseUrl, set.models);
  const module = defineDiagnosis({
    registry: () => registry,
    // The first report may take its time here: what it holds is what counts.
    times: { earlyAtMs: EARLY_AT_MS, reportByMs: PATIENCE_MS },
  });
  const node = await startIn(mode, [module]);
  await node.store.putAccount({ account: 'acme', platform: 'web', login: { TEST_MODEL_KEY: KEY }, updatedAtMs: 1 });
  const task = { modules: [module.id], account: 'acme', platform: 'web', deadlineMs: 3_600_000 };
  const { runId } = await node.submit({ ...task, input: { ...inputOf(set), concurrency: 64 } });
  const reader = new DiagnosisReader({ store: node.store, coordinator: node.coordinator, pollIntervalMs: 200 });
  const reportAfter = async (revision: number) => {
    const look = await reader.after(runId, { revision }, AbortSignal.timeout(PATIENCE_MS));
    return { look, run: await reader.runReport(look) };
  };

  const early = await reportAfter(0);
  expect(early.run.report).toMatchObject({ revision: 1, final: false, total: calls });
  const { whole, pending } = early.run.report.coverage;
  expect(whole + pending).toBe(calls);
  expect(pending).toBeGreaterThanOrEqual(set.questions);
  expect(early.run.report.figures.bare.byQuestion).toHaveLength(set.questions);
  const heard = early.run.report.figures.bare.byQuestion.map(({ figures }) => figures.coverage.whole);
  expect(
    heard.reduce((sum, each) => sum + each, 0),
    'each part counted what the whole counted, though calls went on',
  ).toBe(whole);

  models.release();
  const last = await reportAfter(1);
  await node.closed(runId);
  expect((await node.store.findRun(runId))?.end).toMatchObject({ finishReason: 'completed', dead: 0 });
  expect(last.run.report).toMatchObject({ revision: 2, final: true, errors: [], total: calls, completed: calls });
  expect(last.run.report.figures.bare.byQuestion).toHaveLength(set.questions);
  expect(last.run.report.figures.bare.byModel).toHaveLength(set.models.length);
  expect(last.run.report.figures.bare.overall.sources).toMatchObject({ moreDomains: set.questions - 50 });
  expect(last.run.mentions).toHaveLength(calls * BRANDS);
  expect(await largestItem(node, runId)).toBeLessThan(MAX_ITEM_CHARS / 4);

  const whole1 = await reader.whole(last.look);
  const body = statusBody(whole1, { offset: calls - 10, limit: 1_000 });
  expect([body.results_count, body.results.length, body.detailed_results.length]).toEqual([calls, 10, 10]);
  expect(reportPage(last.run)).toContain('Brand0');
  expect(reportCsv(last.run).split('\n').length).toBeGreaterThan(calls * BRANDS);
});

async function largestItem({ store }: Awaited<ReturnType<typeof startIn>>, runId: string): Promise<number> {
  let largest = 0;
  for (let afterSeq = 0; ; ) {
    const rows = await store.readItems({ runId, afterSeq, limit: 500, withReplaced: true });
    for (const { data } of rows) largest = Math.max(largest, data.length);
    if (rows.length < 500) return largest;
    afterSeq = rows.at(-1)!.seq;
    await sleep(0);
  }
}
