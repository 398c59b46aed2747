import { expect, it } from 'vitest';
import { durationProblem, MAX_DURATION_MS, timeProblem } from './duration.ts';

it('takes a duration within its bounds, and no other value', () => {
  for (const good of [0, 0.5, 1, MAX_DURATION_MS]) expect(durationProblem(good, 0)).toBeUndefined();
  expect(durationProblem(0, 1)).toContain('above 0');
  for (const bad of [
    -1,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    MAX_DURATION_MS + 1,
    '5',
    5n,
    null,
    undefined,
    {},
    new Date(),
  ]) {
    expect(durationProblem(bad, 0)).toBe('give a number of milliseconds, at least 0 and at most 2592000000 (30 days)');
  }
});

it('tells a time that was given for a duration', () => {
  expect(durationProblem(1_800_000_000_000, 0)).toContain('looks like a point in time, not a duration');
});

it('takes a point in time, and tells a duration and seconds that were given for one', () => {
  expect(timeProblem(1_800_000_000_000)).toBeUndefined();
  expect(timeProblem(5_000)).toContain('looks like a duration');
  expect(timeProblem(1_800_000_000)).toContain('Unix seconds: multiply by 1000');
  for (const bad of [-1, Number.NaN, 1e15, '2027', new Date(), undefined]) {
    expect(timeProblem(bad)).toBe('give a point in time in Unix milliseconds, such as Date.now() + 5_000');
  }
});
