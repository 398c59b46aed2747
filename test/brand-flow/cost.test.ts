/** What a diagnosis costs, and the most that it may. */
import { expect, it } from 'vitest';
import { fromMicros } from '../../libs/limits/budgets.ts';
import { registryOf } from './models.ts';
import { diagnose, provider } from './scene.ts';

const QUESTIONS = Array.from({ length: 10 }, (_, n) => `推荐第 ${n} 款跑鞋`);
/** Of one answer of the test's provider: 100 tokens in, 50 out. */
const ONE = (100 * 2 + 50 * 8) / 1_000_000;

it('the report says what the run has cost, every attempt counted (R14)', async () => {
  const { baseUrl, calls } = await provider(({ question, nth }) => {
    if (question === QUESTIONS[0]) return nth === 1 ? 'malformed' : 'whole';
    if (question === QUESTIONS[1]) return nth === 1 ? 'server_error' : 'whole';
    if (question === QUESTIONS[2]) return 'refuses_key';
    return question === QUESTIONS[3] ? 'disconnect' : 'whole';
  });
  const { report, end } = await diagnose({ registry: registryOf(baseUrl, ['qwen']), input: { questions: QUESTIONS } });
  expect(calls.length).toBe(13);
  expect(end.cost?.reserved).toBe(0);
  expect(report.cost, 'what was counted').toBeCloseTo(8 * ONE, 10);
  expect(report.cost_at_most).toBeCloseTo(fromMicros(end.cost?.spent ?? 0), 4);
  expect(report.cost_at_most, 'one that could not be read, two that nobody answered').toBeGreaterThan(8 * ONE);
});

it('a cap ends a diagnosis honestly: what was asked is reported, and what was not says why', async () => {
  const { baseUrl, calls } = await provider(() => 'whole');
  const {
    report,
    end,
    calls: rows,
  } = await diagnose({
    registry: registryOf(baseUrl, ['qwen']),
    input: { questions: QUESTIONS, maxTokens: 60 },
    costCap: 5 * ONE,
  });
  expect(calls.length).toBeGreaterThan(0);
  expect(calls.length).toBeLessThan(QUESTIONS.length);
  expect(end).toMatchObject({ finishReason: 'completed', dead: 0 });
  expect(fromMicros(end.cost?.spent ?? 0)).toBeLessThanOrEqual(5 * ONE);
  expect(report).toMatchObject({ success: true, total: 10, completed: calls.length });
  expect(report.cost).toBeCloseTo(calls.length * ONE, 10);
  const refused = rows.filter(({ status }) => status === 'failed');
  expect(refused).toHaveLength(QUESTIONS.length - calls.length);
  for (const { error, cost } of refused) {
    expect(error).toMatchObject({ error_type: 'cost_cap', error_code: 'budget.exhausted', recoverable: false });
    expect(cost).toBe(0);
  }
});
