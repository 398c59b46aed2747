/** What the measurement of the deadline asks; the measurement itself, which lives by the clock, is a system test. */
import { expect, it } from 'vitest';
import { questionsOf } from './deadline-runs.ts';

it('no question of one run is one of another, and each keeps its class of length', () => {
  const [first, second] = [questionsOf(1), questionsOf(200)];
  expect(new Set([...first, ...second]).size).toBe(6);
  expect(first.map((text) => text.length)).toEqual(second.map((text) => text.length));
});
