/** Killed with -9: the run ends with its report, and what was answered and stored is not asked again. `killed.system.test.ts` has the other points. */
import { expect, it } from 'vitest';
import type { ReportItem } from '../../libs/brand/module/items.ts';
import { CALLS, killInStages } from './killed-in-stages.ts';
import { dataOf, endOf, kill, killedRun, lineWhere } from './killed-runs.ts';

/** Five processes, one after the other. */
const PATIENCE_MS = 120_000;
const EARLY_AT_MS = 2_500;

it('a run that was killed goes on without asking again what was answered (B10)', async () => {
  let isSilent = true;
  const run = await killedRun(({ model }) => (isSilent && model === 'zhipu-test' ? 'hang' : 'whole'));
  const first = run.start();
  await lineWhere(first, ({ stored }) => stored === 3);
  await kill(first);
  const { calls } = run.provider;
  const askedBefore = calls.filter(({ model }) => model === 'zhipu-test').length;
  expect(askedBefore).toBe(1);

  isSilent = false;
  const end = await lineWhere(run.start(), ({ total }) => total !== undefined);
  expect(end).toEqual({ completed: CALLS, total: CALLS });
  expect(calls.filter(({ model }) => model === 'qwen-test')).toHaveLength(3);
  expect(calls.filter(({ model }) => model === 'zhipu-test')).toHaveLength(askedBefore + 3);
});

it('killed between its early and its last report, a run has both: the first stands until the last replaces it', async () => {
  const run = await killedRun(({ model }) => (model === 'zhipu-test' ? 'late' : 'whole'));
  const first = run.start(undefined, EARLY_AT_MS);
  await lineWhere(first, ({ revision }) => revision === 1);
  await kill(first);
  const early = await run.stored();
  expect(early.run.state).toBe('open');
  expect(dataOf<ReportItem>(early.items, 'report')).toMatchObject([
    { revision: 1, final: false, success: true, coverage: { whole: 3, pending: 3 } },
  ]);
  run.provider.release();
  expect(await endOf(run.start(undefined, EARLY_AT_MS))).toBe(0);
  const { items } = await run.stored();
  expect(dataOf<ReportItem>(items, 'report')).toMatchObject([{ final: true, completed: CALLS, total: CALLS }]);
  expect(dataOf(items, 'begun')).toEqual([]);
  expect(run.provider.calls.filter(({ model }) => model === 'qwen-test')).toHaveLength(3);
});

it.each(['inside', 'commit.after'] as const)(
  'killed in its early report (%s), a run whose calls have all ended since has its last report, and keeps it',
  async (point) => {
    const run = await killedRun(({ model }) => (model === 'zhipu-test' ? 'late' : 'whole'));
    expect(await endOf(run.start(`report:${point}:1`, EARLY_AT_MS))).toBe('SIGKILL');
    run.provider.release();
    expect(await endOf(run.start(undefined, EARLY_AT_MS))).toBe(0);
    const { items } = await run.stored();
    expect(dataOf<ReportItem>(items, 'report')).toMatchObject([{ final: true, completed: CALLS, total: CALLS }]);
  },
);

it.each(['inside', 'commit.after'] as const)(
  'a run killed in each of its stages (%s) loses nothing and asks nothing twice that was stored (B10)',
  (point) => killInStages(point),
  PATIENCE_MS,
);
