/** Many brands in distributed mode: one process is killed on the way, and the books are right to the millionth. */
import { expect, it } from 'vitest';
import { fleetSurvey } from './fleet-survey.ts';
import { RATE_SPAN_MS, reckon } from './reckoning.ts';

const LIMITS = { requestsPerSecond: 6, concurrency: 4 };

it('six brands are surveyed over shared rate limits by processes of which one is killed (B31, B40)', async () => {
  const outcome = await fleetSurvey({
    ...{ brands: 6, questions: 3, models: 2, processes: 2, kills: 1 },
    ...{ limits: LIMITS, scale: 0.02, seed: 1, graceMs: 3_000, patienceMs: 200_000 },
  });
  const found = reckon(outcome);
  expect(outcome.killed).toBe(1);
  expect(found.faults).toEqual([]);
  expect(found).toMatchObject({ planned: 42, whole: 42, askedAfterStored: 0 });
  expect(found.reportedCost).toBe(found.committedCost);
  expect(found.committedCost).toBeGreaterThan(0);
  // Only what was under way when the process died is made again.
  expect(found.repeatedCalls).toBeLessThanOrEqual(2 * LIMITS.concurrency);
  expect(found.mostAtOnce).toBeLessThanOrEqual(LIMITS.concurrency);
  // Starts are spaced evenly where they are granted; on their way to the provider they move a little.
  const granted = (LIMITS.requestsPerSecond * RATE_SPAN_MS) / 1_000 + 1;
  expect(found.mostStarts).toBeLessThanOrEqual(Math.ceil(1.05 * granted));
});
