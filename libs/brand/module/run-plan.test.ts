import { describe, expect, it } from 'vitest';
import { providerSchema } from '../codecs/provider.ts';
import { diagnosisInput } from './input.ts';
import { planCalls } from './plan.ts';
import { availableMs, planRun, planWarning, ROUNDS_BEFORE_EARLY_REPORT, submissionOrder } from './run-plan.ts';

const WIDE = { requestsPerSecond: 1_000_000, concurrency: 1_000 };
const providerOf =
  (limits: { requestsPerSecond: number; concurrency: number } = WIDE) =>
  (name: string) =>
    providerSchema.parse({
      ...{ name, codec: 'openai-chat', baseUrl: 'https://a.test', model: 'm', keyReference: 'K', limits },
    });
const input = (questions: number, models: readonly string[], more: object = {}) =>
  diagnosisInput.parse({
    brand: '云步',
    questions: Array.from({ length: questions }, (_, n) => `推荐${n}`),
    models: [...models],
    ...more,
  });
const FOUR = ['doubao', 'deepseek', 'qwen', 'zhipu'];

describe('the plan of a run (B21)', () => {
  it('is 8 calls at once, also where there are fewer', () => {
    expect(planRun(input(10, FOUR), providerOf(), undefined)).toMatchObject({
      ...{ calls: 40, concurrency: 8, rounds: 5, availableMs: null, fits: true },
    });
    expect(planRun(input(1, ['qwen']), providerOf(), 17_000)).toMatchObject({ calls: 1, concurrency: 8, rounds: 1 });
  });

  it('is as many at once as the input says, whatever fits', () => {
    expect(planRun(input(3, FOUR, { concurrency: 4 }), providerOf(), 17_000)).toMatchObject({
      ...{ concurrency: 4, rounds: 3, fits: false },
    });
  });

  it('is more at once where a deadline needs it: twelve calls that may take the whole time go together', () => {
    const plan = planRun(input(3, FOUR), providerOf(), 17_000);
    expect(plan).toEqual({
      ...{ calls: 12, concurrency: 12, rounds: 1, expectedMs: 35_000, availableMs: 17_000, fits: false },
    });
    expect(planWarning(plan)).toHaveLength(1);
    expect(planWarning(planRun(input(3, ['qwen', 'zhipu']), providerOf(), 17_000))).toEqual([]);
  });

  it('stays at 8 where there is time for a second round of the slowest answers', () => {
    expect(planRun(input(3, FOUR), providerOf(), 60_000)).toMatchObject({ concurrency: 8, rounds: 2, fits: true });
  });

  it('is more at once where the first report needs it, although the deadline does not', () => {
    const plan = planRun(input(3, FOUR), providerOf(), 56_600, 17_000);
    expect(plan).toMatchObject({ concurrency: 12, rounds: 1, availableMs: 56_600, fits: true });
    expect(planRun(input(3, FOUR), providerOf(), undefined, 17_000)).toMatchObject({
      concurrency: 8,
      availableMs: null,
    });
  });

  it('is never more than 64 at once by itself, and says that the run cannot fit', () => {
    const plan = planRun(input(100, FOUR), providerOf(), 17_000);
    expect(plan).toMatchObject({ calls: 400, concurrency: 58, rounds: 7, fits: false });
    expect(planWarning(plan)[0]).toMatch(/^plan: 400 calls, 58 at once, take at least \d+\.\d s .* there were 17\.0 s/);
  });

  it('does not raise what would not help: a model that is slower than the deadline', () => {
    const question = '问'.repeat(60);
    const plan = planRun({ ...input(1, ['doubao']), questions: [question] }, providerOf(), 17_000);
    expect(plan).toMatchObject({ concurrency: 8, expectedMs: 35_000, fits: false });
  });

  it('knows that a provider takes no more at once, or no more a second', () => {
    const many = input(20, ['zhipu']);
    const places = planRun(many, providerOf({ requestsPerSecond: 1_000, concurrency: 5 }), 17_000);
    expect(places).toMatchObject({ expectedMs: 4 * 8_000, fits: false });
    const rate = planRun(many, providerOf({ requestsPerSecond: 1, concurrency: 100 }), 17_000);
    expect(rate).toMatchObject({ expectedMs: 19_000 + 8_000, fits: false });
  });

  it('counts repeats, and nothing twice that is named twice', () => {
    expect(planRun(input(2, ['qwen', 'qwen'], { repeats: 3 }), providerOf(), undefined).calls).toBe(6);
  });

  it('is quick for the largest input', () => {
    const models = Array.from({ length: 50 }, (_, n) => `qwen-${n}`);
    const startedMs = performance.now();
    expect(planRun(input(1_000, models, { repeats: 100 }), providerOf(), 17_000).calls).toBe(5_000_000);
    expect(performance.now() - startedMs).toBeLessThan(1_000);
  });

  it('throws for a model that nobody knows', () => {
    const unknown = (name: string): never => {
      throw new Error(`no model ${name}`);
    };
    expect(() => planRun(input(1, ['gpt']), unknown, undefined)).toThrow('no model gpt');
  });
});

describe('the order in which calls are submitted', () => {
  const order = (questions: number, models: readonly string[], concurrency: number) =>
    submissionOrder(planCalls(input(questions, models)), providerOf(), concurrency);

  it('has slow models first, and loses no call', () => {
    const models = order(3, ['zhipu', 'qwen', 'doubao', 'deepseek'], 8).map(({ model }) => model);
    expect(models).toEqual(['doubao', 'deepseek', 'qwen', 'zhipu'].flatMap((model) => [model, model, model]));
  });

  it('asks every model early on in a large run: a deadline finds none of them unasked', () => {
    const first = order(100, FOUR, 8).slice(0, 16);
    expect(new Set(first.map(({ model }) => model))).toEqual(new Set(FOUR));
    expect(order(100, FOUR, 8)).toHaveLength(400);
  });

  it('asks every model in its first round where a report comes before the second one', () => {
    const calls = submissionOrder(planCalls(input(100, FOUR)), providerOf(), 8, ROUNDS_BEFORE_EARLY_REPORT);
    expect(new Set(calls.slice(0, 8).map(({ model }) => model))).toEqual(new Set(FOUR));
    expect(calls.slice(0, 2).map(({ model }) => model)).toEqual(['doubao', 'doubao']);
    expect(calls).toHaveLength(400);
  });
});

it('the time of the calls is the deadline less the reserve, from the acceptance on (X7)', () => {
  const run = { acceptedAtMs: 1_000, deadlineAtMs: 21_000 };
  expect(availableMs({ reserveMs: 3_000 }, run)).toBe(17_000);
  expect(availableMs({ reserveMs: 30_000 }, run)).toBe(0);
  expect(availableMs({ reserveMs: 3_000 }, { ...run, deadlineAtMs: undefined })).toBeUndefined();
});
