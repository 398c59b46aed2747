/** The whole path of a set that is too large for one item: bounds of items, messages and bodies, and what is refused before it is paid. */
import { expect, it } from 'vitest';
import { DiagnosisReader } from '../../libs/brand/api/diagnosis-reader.ts';
import { defineDiagnosis } from '../../libs/brand/module/define-diagnosis.ts';
import { reportJson } from '../../libs/brand/report/json.ts';
import { toRunReport } from '../../libs/brand/report/run-report.ts';
import { deepIntelligence } from '../../libs/brand/status/deep-intelligence.ts';
import { startNode } from '../fixtures/flow.ts';
import { inputOf, startQuickModels } from './large-sets.ts';
import { registryOf } from './models.ts';
import { KEY } from './scene.ts';

const SET = { questions: 240, brands: 5, models: ['qwen'] };
const MAX_ITEM_CHARS = 1_024 * 1_024;

it('a set whose figures are larger than an item may be has its whole report, in bounded items', async () => {
  const { baseUrl } = await startQuickModels(SET);
  const registry = registryOf(baseUrl, SET.models);
  const module = defineDiagnosis({ registry: () => registry });
  const node = startNode([module]);
  await node.store.putAccount({ account: 'acme', platform: 'web', login: { TEST_MODEL_KEY: KEY }, updatedAtMs: 1 });
  const { runId } = await node.submit({ modules: [module.id], input: inputOf(SET), account: 'acme', platform: 'web' });
  await node.closed(runId);
  const record = (await node.store.findRun(runId))!;
  expect(record.end).toMatchObject({ finishReason: 'completed', dead: 0 });

  const rows = await node.store.readItems({ runId, afterSeq: 0, limit: 100_000 });
  const sizes = rows.map(({ data }) => data.length);
  const tables = rows.filter(({ type }) => type === 'question_figures');
  expect(tables).toHaveLength(240);
  expect(
    tables.reduce((sum, { data }) => sum + data.length, 0),
    'more than one item may have',
  ).toBeGreaterThan(MAX_ITEM_CHARS);
  expect(Math.max(...sizes)).toBeLessThan(MAX_ITEM_CHARS / 4);

  const { report } = toRunReport(record, rows);
  expect(report).toMatchObject({ total: 240, completed: 240, final: true });
  expect([report.questions.length, report.results.length, report.figures.bare.byQuestion.length]).toEqual([
    240, 240, 240,
  ]);
  expect(report.figures.bare.byModel.map(({ model }) => model)).toEqual(['qwen']);
  expect(report.figures.bare.overall.sources).toMatchObject({ moreDomains: 190 });
  // Three of five brands in each answer, the diagnosed one in three of five.
  const own = report.figures.bare.overall.brands[0]!;
  expect(own.mentionRate).toMatchObject({ numerator: 144, denominator: 240, value: 0.6 });
  const perQuestion = report.figures.bare.byQuestion.map(({ figures }) => figures.brands[0]!.mentionRate.numerator);
  expect(
    perQuestion.reduce((sum, each) => sum + each, 0),
    'the parts add up to the whole',
  ).toBe(144);

  const reader = new DiagnosisReader({ store: node.store, coordinator: node.coordinator, pollIntervalMs: 20 });
  const look = await reader.look(runId);
  expect(await reader.report(look), 'the API reads the same report').toEqual(report);
  const deep = deepIntelligence({ record, report });
  expect(deep.competitive_analysis.brands[0]?.mention_rate.value).toBe(0.6);
  expect(deep.competitive_analysis.intercepted_by.length).toBeLessThanOrEqual(100);
  expect(JSON.parse(reportJson(await reader.runReport(look))).results).toHaveLength(240);
});
