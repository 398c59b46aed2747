/** The measurement of the deadline: ten diagnoses at once with models as slow as real ones, and four with faster ones. */
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

/** At a twentieth of the latency of real models: what must hold whatever the machine does. */
it('runs under the latency of real models end with reports in which slow answers are cut (B39, B40, B43)', async () => {
  const runs = await withScratchFolder((folder) =>
    deadlineRuns({ runs: 4, atOnce: 2, scale: 0.05, seed: 1, database: join(folder, 'brand.db') }),
  );
  expect(runs).toHaveLength(4);
  for (const run of runs) {
    const { whole, partial, cut, failed } = run.calls;
    expect(run).toMatchObject({ inTime: true, hasReport: true });
    expect(whole + partial + cut + failed).toBe(12);
    // How many of each kind depends on how busy the machine is.
    expect(whole + partial).toBeGreaterThan(0);
    expect(run.slowestKeptMs).toBeGreaterThan(0);
    expect(run.slowestKeptMs).toBeLessThan(run.wallMs);
    expect(run.analysisMs).toBeLessThan(run.wallMs);
    expect(run.serialMs).toBeGreaterThan(run.wallMs);
    expect(run.answered).toBeLessThanOrEqual(run.answerable);
  }
  // Both kinds of ends are there, and calls that had time enough were answered: else nothing was measured.
  expect(runs.some(({ answered }) => answered > 0)).toBe(true);
  expect(runs.some(({ calls }) => calls.whole > 0)).toBe(true);
  expect(runs.some(({ calls }) => calls.partial + calls.cut > 0)).toBe(true);
});

function sum<T>(runs: readonly T[], of: (run: T) => number): number {
  return runs.reduce((total, run) => total + of(run), 0);
}
