/** What a diagnosis does not ask, how much it asks at once, and what it says of both. */
import { describe, expect, it } from 'vitest';
import { registryOf } from './models.ts';
import type { ProviderCall } from './provider.ts';
import { diagnosesIn, provider } from './scene.ts';

const MODELS = ['qwen', 'zhipu'];
const QUESTIONS = ['推荐几款跑鞋', '哪些跑鞋耐磨'];

describe('what was answered a moment ago (B32)', () => {
  it('is not asked again by another run: its rows say so, and cost nothing', async () => {
    const { baseUrl, calls } = await provider(() => 'whole');
    const diagnoses = await diagnosesIn(registryOf(baseUrl, MODELS));
    const first = await diagnoses.run({ models: MODELS, questions: QUESTIONS });
    expect(first.calls.map(({ from_cache }) => from_cache)).toEqual([false, false, false, false]);
    // Another brand: one answer serves them all.
    const second = await diagnoses.run({ brand: '云步', rivals: [], models: MODELS, questions: QUESTIONS });
    expect(calls).toHaveLength(4);
    expect(second.report).toMatchObject({ coverage: { whole: 4, partial: 0, failed: 0 }, cost: 0 });
    expect(second.calls.map(({ from_cache, elapsed_ms }) => [from_cache, elapsed_ms])).toEqual(
      Array(4).fill([true, null]),
    );
  });

  it('is asked again where the input wants that, and where a parameter differs', async () => {
    const { baseUrl, calls } = await provider(() => 'whole');
    const diagnoses = await diagnosesIn(registryOf(baseUrl, ['qwen']));
    await diagnoses.run({});
    await diagnoses.run({ cache: false });
    expect(calls).toHaveLength(2);
    await diagnoses.run({ maxTokens: 100 });
    await diagnoses.run({ prompt: 'list' });
    expect(calls).toHaveLength(4);
  });

  it('answers one repeat each: repeats are there to differ', async () => {
    const { baseUrl, calls } = await provider(() => 'whole');
    const diagnoses = await diagnosesIn(registryOf(baseUrl, ['qwen']));
    await diagnoses.run({ repeats: 2 });
    expect(calls).toHaveLength(2);
    const { calls: rows } = await diagnoses.run({ repeats: 3 });
    expect(calls).toHaveLength(3);
    expect(rows.filter(({ from_cache }) => from_cache)).toHaveLength(2);
  });

  it('and cannot be read, is asked: what was kept never makes a call fail', async () => {
    let isBroken = true;
    const { baseUrl } = await provider(() => (isBroken ? 'malformed' : 'whole'));
    const diagnoses = await diagnosesIn(registryOf(baseUrl, ['qwen']));
    expect((await diagnoses.run({ attempts: 1 })).report.success).toBe(false);
    isBroken = false;
    expect((await diagnoses.run({ attempts: 1 })).report.coverage).toEqual({
      whole: 1,
      partial: 0,
      failed: 0,
      pending: 0,
    });
  });
});

describe('calls at once', () => {
  const hanging = async (input: object) => {
    const { baseUrl, calls } = await provider(() => 'hang');
    const diagnoses = await diagnosesIn(registryOf(baseUrl, ['qwen']));
    const questions = Array.from({ length: 10 }, (_, n) => `推荐第${n}类跑鞋`);
    const run = await diagnoses.run({ questions, reserveMs: 700, ...input }, 1_800);
    return { run, asked: calls as readonly ProviderCall[] };
  };

  it('are as many as the run may have, and the others are rows all the same (B20, B21, X5)', async () => {
    const { run, asked } = await hanging({ concurrency: 3 });
    expect(asked).toHaveLength(3);
    expect(run.calls).toHaveLength(10);
    expect(run.calls.map(({ error }) => error?.error_type)).toEqual(Array(10).fill('deadline_exceeded'));
    expect(run.report.plan).toMatchObject({ calls: 10, concurrency: 3, rounds: 4, availableMs: 1_100, fits: false });
  });

  it('are more than 8 where the deadline leaves no time for another round (B21)', async () => {
    const { run, asked } = await hanging({});
    expect(asked).toHaveLength(10);
    expect(run.report.plan).toMatchObject({ concurrency: 10, rounds: 1, fits: false });
  });
});

it('the result of a run says whether it succeeded, what came of each call, and how long it took (B23, B24)', async () => {
  const { baseUrl } = await provider(({ model }) => (model === 'zhipu-test' ? 'refuses_key' : 'whole'));
  const { report, wallMs } = await (await diagnosesIn(registryOf(baseUrl, MODELS))).run({ models: MODELS });
  expect(report).toMatchObject({ success: true, total: 2, completed: 1 });
  expect(report.elapsed).toBeGreaterThan(0);
  expect(report.elapsed).toBeLessThanOrEqual(wallMs);
  const [qwen, zhipu] = [...report.results].sort((a, b) => (a.model < b.model ? -1 : 1));
  expect(qwen).toMatchObject({ brand: '海澜鞋业', model: 'qwen', status: 'success', error: null });
  expect(qwen?.data).not.toBeNull();
  expect(qwen?.elapsed).toBeGreaterThan(0);
  expect(zhipu).toMatchObject({ model: 'zhipu', status: 'failed', data: null, error: { error_type: 'invalid_key' } });
});
