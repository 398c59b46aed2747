/** Ten diagnoses at once, with models as slow as real ones. */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { withScratchFolder } from '../scratch.ts';
import { deadlineMsOf, deadlineRuns } from './deadline-runs.ts';

it('ten runs at once are answered within 20 s, analysis within 5 s of it (B39, B40, B41, B43)', async () => {
  const plan = { runs: 10, atOnce: 10, scale: 1, seed: 1 };
  const runs = await withScratchFolder((folder) => deadlineRuns({ ...plan, database: join(folder, 'brand.db') }));
  expect(deadlineMsOf(plan)).toBe(20_000);
  expect(runs).toHaveLength(10);
  for (const { inTime, hasReport, analysisMs, calls } of runs) {
    expect({ inTime, hasReport }).toEqual({ inTime: true, hasReport: true });
    expect(analysisMs).toBeLessThanOrEqual(5_000);
    expect(calls.whole + calls.partial).toBeGreaterThanOrEqual(9);
  }
  // What the command asks more of, to the percent and the half second, would judge the machine that tests share.
  const [answered, answerable] = [sum(runs, (run) => run.answered), sum(runs, (run) => run.answerable)];
  expect(answerable).toBeGreaterThan(0);
  expect(answered).toBeGreaterThan(0.9 * answerable);
});

function sum<T>(runs: readonly T[], of: (run: T) => number): number {
  return runs.reduce((total, run) => total + of(run), 0);
}
