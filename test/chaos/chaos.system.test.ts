import { expect, it } from 'vitest';
import { runChaos } from './chaos.ts';
import { reportOf, reportText } from './report.ts';

/** Two processes of each stage. */
const SEED = 3;
const TIMEOUT_MS = 290_000;

it(
  'ten thousand nodes lose and double nothing while processes and servers are killed',
  async ({ signal }) => {
    const progress: string[] = [];
    const observed = await runChaos({
      ...{ seed: SEED, nodes: 10_000, faultsForMs: 60_000, settleMs: 90_000, signal },
      onProgress: (line) => progress.push(line),
    });
    const report = reportOf(SEED, observed);
    expect(report.violations, `${progress.join('\n')}\n${reportText(report)}`).toEqual([]);
    expect(report.nodes).toBeGreaterThanOrEqual(10_000);
  },
  TIMEOUT_MS,
);
