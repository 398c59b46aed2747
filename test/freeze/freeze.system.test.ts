import { describe, expect, it } from 'vitest';
import type { Budgets } from './faults.ts';
import { runFreeze } from './freeze.ts';
import { reportOf } from './report.ts';
import { serveServices } from './services.ts';
import { serveSingle } from './single.ts';

/** Long enough that a megabyte is read on a busy machine. */
const BUDGETS: Budgets = { callTimeoutMs: 6_000, blockTimeoutMs: 4_000, memoryMb: 200 };
/** What an answer may take of what one of a bystander takes: it has more steps, and the machine may be busy with other tests. */
const MACHINE_SHARE = 10;
const PATIENCE_MS = 240_000;

describe('nothing that a page or the code of an author does holds a process up', () => {
  it.each([
    ['in one process', serveSingle],
    ['on services with two parsers', serveServices],
  ])(
    '%s',
    async (_, serve) => {
      const progress: string[] = [];
      const observed = await runFreeze({
        start: () => serve({ budgets: BUDGETS, workers: undefined }),
        patienceMs: PATIENCE_MS,
        onProgress: (line) => progress.push(line),
      });
      const { text, violations } = reportOf(observed, BUDGETS, MACHINE_SHARE);
      expect(violations, `${progress.join('\n')}\n${text}`).toEqual([]);
    },
    2 * PATIENCE_MS,
  );
});
