/** A diagnosis whose process is killed in one stage after the other, and what must hold when it has ended all the same. */
import { expect } from 'vitest';
import type { ReportItem } from '../../libs/brand/module/items.ts';
import type { Failpoint } from '../../libs/failpoints/failpoint.ts';
import { answeredCalls, dataOf, endOf, type KilledRun, killedRun, timesAsked } from './killed-runs.ts';
import { timeless } from './without-times.ts';

/** Of the run that `diagnosis-process.ts` begins. */
export const CALLS = 6;

/** A stage, and the pass of its step at which the process dies there. */
export type Stage = readonly [step: 'ask' | 'rank' | 'detail' | 'trace' | 'report', pass: number];

/** All of them; in `ask` some calls are stored when it dies, and some are not. */
export const STAGES: readonly Stage[] = [
  ['ask', 4],
  ['rank', 1],
  ['detail', 1],
  ['trace', 1],
  ['report', 1],
];

/** Kills the process there in each of these stages, then lets the run end, and holds it against an undisturbed one. */
export async function killInStages(point: 'inside' | Failpoint, stages: readonly Stage[] = STAGES): Promise<void> {
  const run = await killedRun(() => 'whole');
  const settled = new Map<string, number>();
  for (const [step, pass] of stages) {
    expect(await endOf(run.start(`${step}:${point}:${pass}`)), `the process that was to die in ${step}`).toBe(
      'SIGKILL',
    );
    await noteStored(run, settled, step === 'ask');
  }
  expect(await endOf(run.start())).toBe(0);

  const asked = timesAsked(run.provider);
  for (const [call, times] of settled) expect(asked.get(call), call).toBe(times);
  // At most one kill came while calls were under way: it may have cost each of those a second time.
  expect(asked.size).toBe(CALLS);
  expect(Math.max(...asked.values())).toBeLessThanOrEqual(2);
  expect(run.pages.asked.length).toBeLessThanOrEqual(2);
  expect(await itemsOf(run)).toEqual(await undisturbed());
}

/** How often each call was made that stands in the database now. A kill in `ask` comes when some do and some do not. */
async function noteStored(run: KilledRun, settled: Map<string, number>, isAsking: boolean): Promise<void> {
  const { run: record, items } = await run.stored();
  expect(record.state).toBe('open');
  const stored = answeredCalls(items);
  expect(stored.length).toBeGreaterThan(0);
  if (isAsking) expect(stored.length).toBeLessThan(CALLS);
  else expect(stored).toHaveLength(CALLS);
  const asked = timesAsked(run.provider);
  for (const call of stored) if (!settled.has(call)) settled.set(call, asked.get(call) ?? 0);
}

/** What the run left: one report, in which everything was answered. */
async function itemsOf(run: KilledRun): Promise<string[]> {
  const { run: record, items } = await run.stored();
  expect(record).toMatchObject({ state: 'closed', end: { finishReason: 'completed', dead: 0 } });
  expect(dataOf<ReportItem>(items, 'report')).toMatchObject([{ success: true, total: CALLS, completed: CALLS }]);
  return timeless(items);
}

let calm: Promise<string[]> | undefined;

/** The items of a run that nothing happened to. */
function undisturbed(): Promise<string[]> {
  calm ??= (async () => {
    const run = await killedRun(() => 'whole');
    expect(await endOf(run.start())).toBe(0);
    return itemsOf(run);
  })();
  return calm;
}
