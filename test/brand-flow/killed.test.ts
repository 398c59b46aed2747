/** Killed with -9 in every stage: the run ends with its report, and what was answered and stored is not asked again. */
import { expect, it } from 'vitest';
import { CALLS, killInStages } from './killed-in-stages.ts';
import { kill, killedRun, lineWhere } from './killed-runs.ts';

/** Five processes, one after the other. */
const PATIENCE_MS = 120_000;

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

it.each(['inside', 'commit.after'] as const)(
  'a run killed in each of its stages (%s) loses nothing and asks nothing twice that was stored (B10)',
  (point) => killInStages(point),
  PATIENCE_MS,
);
