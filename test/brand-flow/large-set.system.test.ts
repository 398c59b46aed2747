/** A thousand questions to six models about ten brands, in both modes: a preliminary report while one model is silent, and the last one. */
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
import { inputOf, startQuickModels } from './large-sets.ts';
import { registryOf } from './models.ts';
import { KEY } from './scene.ts';

const SET = { questions: 1_000, brands: 10, models: ['late', 'qwen', 'zhipu', 'deepseek', 'kimi', 'doubao'] };
const CALLS = 6_000;
const EARLY_AT_MS = 5_000;
const PATIENCE_MS = 400_000;
const MAX_ITEM_CHARS = 1_024 * 1_024;

it.each<[string, FlowMode]>([
  ['in one process', inFile],
  ['on services over Redis, NATS and PostgreSQL', distributedMode()],
])(
  'a set of 1,000 questions × 10 brands × 6 models has both reports, %s',
  { timeout: 600_000 },
  async (_name, mode) => {
    const models = await startQuickModels(SET);
    const registry = registryOf(models.baseUrl, SET.models);
    const module = defineDiagnosis({
      registry: () => registry,
      // The first report may take its time here: what it holds is what counts.
      times: { earlyAtMs: EARLY_AT_MS, reportByMs: PATIENCE_MS },
    });
    const node = await startIn(mode, [module]);
    await node.store.putAccount({ account: 'acme', platform: 'web', login: { TEST_MODEL_KEY: KEY }, updatedAtMs: 1 });
    const task = { modules: [module.id], account: 'acme', platform: 'web', deadlineMs: 3_600_000 };
    const { runId } = await node.submit({ ...task, input: { ...inputOf(SET), concurrency: 64 } });
    const reader = new DiagnosisReader({ store: node.store, coordinator: node.coordinator, pollIntervalMs: 200 });
    const reportAfter = async (revision: number) => {
      const look = await reader.after(runId, { revision }, AbortSignal.timeout(PATIENCE_MS));
      return { look, run: await reader.runReport(look) };
    };

    const early = await reportAfter(0);
    expect(early.run.report).toMatchObject({ revision: 1, final: false, total: CALLS });
    const { whole, pending } = early.run.report.coverage;
    expect(whole + pending).toBe(CALLS);
    expect(pending).toBeGreaterThanOrEqual(1_000);
    expect(early.run.report.figures.bare.byQuestion).toHaveLength(1_000);
    const heard = early.run.report.figures.bare.byQuestion.map(({ figures }) => figures.coverage.whole);
    expect(
      heard.reduce((sum, each) => sum + each, 0),
      'each part counted what the whole counted, though calls went on',
    ).toBe(whole);

    models.release();
    const last = await reportAfter(1);
    await node.closed(runId);
    expect((await node.store.findRun(runId))?.end).toMatchObject({ finishReason: 'completed', dead: 0 });
    expect(last.run.report).toMatchObject({ revision: 2, final: true, total: CALLS, completed: CALLS });
    expect(last.run.report.figures.bare.byQuestion).toHaveLength(1_000);
    expect(last.run.report.figures.bare.byModel).toHaveLength(6);
    expect(last.run.report.figures.bare.overall.sources).toMatchObject({ moreDomains: 950 });
    expect(last.run.mentions).toHaveLength(CALLS * SET.brands);
    expect(await largestItem(node, runId)).toBeLessThan(MAX_ITEM_CHARS / 4);

    const whole1 = await reader.whole(last.look);
    const body = statusBody(whole1, { offset: 5_990, limit: 1_000 });
    expect([body.results_count, body.results.length, body.detailed_results.length]).toEqual([CALLS, 10, 10]);
    expect(reportPage(last.run)).toContain('Brand0');
    expect(reportCsv(last.run).split('\n').length).toBeGreaterThan(CALLS * SET.brands);
  },
);

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
