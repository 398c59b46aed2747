/** The measurement of the deadline: ten diagnoses at once with models as slow as real ones, and four with faster ones. */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { withScratchFolder } from '../scratch.ts';
import { deadlineMsOf, deadlineRuns, timesOf } from './deadline-runs.ts';

it('ten runs at once have a report within 20 s and their last within 60 s, analysis within 5 s (B39, B40, B41, B43)', async () => {
  const plan = { runs: 10, atOnce: 10, scale: 1, seed: 1 };
  const runs = await withScratchFolder((folder) => deadlineRuns({ ...plan, database: join(folder, 'brand.db') }));
  expect([timesOf(plan).reportByMs, deadlineMsOf(plan)]).toEqual([20_000, 60_000]);
  expect(runs).toHaveLength(10);
  for (const { firstInTime, inTime, hasReport, analysisMs, calls, early } of runs) {
    expect({ firstInTime, inTime, hasReport }).toEqual({ firstInTime: true, inTime: true, hasReport: true });
    expect(early.whole + early.partial).toBeGreaterThanOrEqual(9);
    expect(analysisMs).toBeLessThanOrEqual(5_000);
    expect(calls.whole + calls.partial).toBeGreaterThanOrEqual(9);
  }
  // What the command asks more of, to the percent and the half second, would judge the machine that tests share.
  const [answered, answerable] = [sum(runs, (run) => run.answered), sum(runs, (run) => run.answerable)];
  expect(answerable).toBeGreaterThan(0);
  expect(answered).toBeGreaterThan(0.9 * answerable);
});

/** At a twentieth of the latency of real models: what must hold whatever the machine does. */
it('runs under the latency of real models have first reports that do without their slow answers (B39, B40, B43)', async () => {
  const runs = await withScratchFolder((folder) =>
    deadlineRuns({ runs: 4, atOnce: 2, scale: 0.05, seed: 1, database: join(folder, 'brand.db') }),
  );
  expect(runs).toHaveLength(4);
  for (const run of runs) {
    const { whole, partial, cut, failed } = run.calls;
    expect(run).toMatchObject({ firstInTime: true, inTime: true, hasReport: true });
    expect(whole + partial + cut + failed).toBe(12);
    // How many of each kind depends on how busy the machine is.
    expect(whole + partial).toBeGreaterThan(0);
    expect(run.slowestKeptMs).toBeGreaterThan(0);
    expect(run.slowestKeptMs).toBeLessThan(run.wallMs);
    expect(run.analysisMs).toBeLessThan(run.wallMs);
    expect(run.serialMs).toBeGreaterThan(run.wallMs);
    expect(run.answered).toBeLessThanOrEqual(run.answerable);
  }
  // Calls were under way at the first report, and those that had time enough were answered: else nothing was measured.
  expect(runs.some(({ answered }) => answered > 0)).toBe(true);
  expect(runs.some(({ calls }) => calls.whole > 0)).toBe(true);
  expect(runs.some(({ early }) => early.partial + early.pending > 0)).toBe(true);
});

function sum<T>(runs: readonly T[], of: (run: T) => number): number {
  return runs.reduce((total, run) => total + of(run), 0);
}
