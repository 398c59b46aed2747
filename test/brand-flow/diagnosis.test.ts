/** The whole module, against a provider of the test and against one with the latency of real models, a hundred times faster. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { BRANDS, QUESTIONS } from './answers.ts';
import { registryOf, startModels } from './models.ts';
import { ANSWER } from './provider.ts';
import { diagnose, KEY, provider } from './scene.ts';

describe('a diagnosis', () => {
  it('asks every question of every model as often as wanted, and counts each answer (B20, B25, B29, B30)', async () => {
    const { baseUrl, calls } = await provider(() => 'whole');
    const models = ['qwen', 'zhipu'];
    const questions = ['推荐几款跑鞋', '海澜鞋业怎么样'];
    const run = await diagnose({ registry: registryOf(baseUrl, models), input: { models, questions, repeats: 2 } });
    expect(calls).toHaveLength(8);
    expect(run.calls).toHaveLength(8);
    expect(run.mentions).toBe(24);
    expect(run.report).toMatchObject({
      success: true,
      total: 8,
      completed: 8,
      coverage: { whole: 8, partial: 0, failed: 0 },
    });
    expect(run.calls[0]).toMatchObject({
      brand: '海澜鞋业',
      status: 'whole',
      response: ANSWER,
      geo_data: { brand_mentioned: false, rank: null, interception: true },
      error: null,
      usage: { inputTokens: 100, outputTokens: 50 },
    });
    expect(run.report.cost).toBeCloseTo((8 * (100 * 2 + 50 * 8)) / 1_000_000, 10);
    expect(run.end).toMatchObject({ finishReason: 'completed', dead: 0 });
  });

  it('keeps questions that name the brand apart, and never names it itself (X9)', async () => {
    const { baseUrl, calls } = await provider(() => 'whole');
    const questions = ['推荐几款跑鞋', '海澜鞋业怎么样'];
    const { report } = await diagnose({ registry: registryOf(baseUrl, ['qwen']), input: { questions } });
    expect(report.figures.bare.overall.coverage.calls).toBe(1);
    expect(report.figures.branded.overall.coverage.calls).toBe(1);
    expect(calls.map(({ question }) => question).sort()).toEqual(questions.sort());
  });

  it('reads the pages that answers cite, and says which brands they name', async () => {
    const { baseUrl } = await provider(() => 'whole');
    const { sources, report } = await diagnose({ registry: registryOf(baseUrl, ['qwen']), input: {} });
    expect(sources).toEqual([
      {
        url: 'https://zhuanlan.zhihu.com/p/1',
        status: 'read',
        title: '评测',
        brands: ['海澜鞋业', '云步'],
        error: null,
      },
    ]);
    expect(report.sources).toEqual(sources.map((source) => ({ ...source, answers: 1 })));
  });

  it('sends the key that the account holds, and keeps it nowhere', async () => {
    const { baseUrl, calls } = await provider(() => 'refuses_key');
    const run = await diagnose({ registry: registryOf(baseUrl, ['qwen']), input: {} });
    expect(calls.map(({ headers }) => headers.authorization)).toEqual([`Bearer ${KEY}`]);
    expect(run.calls[0]?.error).toMatchObject({ error_type: 'invalid_key', recoverable: false });
    expect(JSON.stringify(run)).not.toContain(KEY);
  });

  it('refuses a model that the registry does not have, before anything is asked', async () => {
    const { baseUrl, calls } = await provider(() => 'whole');
    const { end } = await diagnose({ registry: registryOf(baseUrl, ['qwen']), input: { models: ['gpt'] } });
    expect(end).toMatchObject({ finishReason: 'rejected', detail: 'the provider registry has no model "gpt"' });
    expect(calls).toEqual([]);
  });

  it('asks again what it knows least, up to its calls, and its report has them all', async () => {
    const { baseUrl, calls } = await provider(() => 'whole');
    const run = await diagnose({
      registry: registryOf(baseUrl, ['qwen', 'zhipu']),
      input: {
        questions: ['推荐几款跑鞋', '哪些耐磨'],
        models: ['qwen', 'zhipu'],
        until: 0.1,
        maxCalls: 14,
        maxSources: 0,
      },
    });
    expect(run.calls).toHaveLength(14);
    expect(calls).toHaveLength(14);
    expect(run.report).toMatchObject({ success: true, total: 14, completed: 14 });
    expect(run.report.figures.bare.overall.coverage.calls).toBe(14);
    expect(Math.max(...run.calls.map(({ repeat }) => repeat))).toBeGreaterThan(2);
    expect(run.report.figures.bare.noise).not.toBeNull();
  });

  it('is there before the deadline, with what the slow models have said by then (B22, B39, B41, X5, X7)', async () => {
    const models = await startModels({ questions: QUESTIONS, seed: 3, scale: 0.1 });
    onTestFinished(() => models.stop());
    const [brand, ...rivals] = BRANDS;
    const { report, wallMs } = await diagnose({
      registry: models.registry,
      input: { brand, rivals, questions: [...QUESTIONS], models: models.names, reserveMs: 3_000 },
      deadlineMs: 5_500,
    });
    expect(wallMs).toBeLessThan(5_500);
    expect(report).toMatchObject({ success: true, total: 12 });
    expect(report.completed).toBeGreaterThanOrEqual(9);
    expect(report.coverage.partial).toBeGreaterThan(0);
    expect(report.coverage.whole).toBeGreaterThan(0);
  });
});
