/** The measurement of the deadline, at a twentieth of the latency of real models: what must hold whatever the machine does. */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { withScratchFolder } from '../scratch.ts';
import { deadlineRuns, questionsOf } from './deadline-runs.ts';

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

it('no question of one run is one of another, and each keeps its class of length', () => {
  const [first, second] = [questionsOf(1), questionsOf(200)];
  expect(new Set([...first, ...second]).size).toBe(6);
  expect(first.map((text) => text.length)).toEqual(second.map((text) => text.length));
});
