/** Named tasks own runs: their thresholds, marks and cool-downs act over all of them, in either mode. */
import { expect, it, vi } from 'vitest';
import { ended, type FlowMode, type FlowNode, run, startIn, submit } from '../../fixtures/flow.ts';
import { flaky } from '../../fixtures/modules/flaky.ts';

const KEY = { account: 'acme', name: 'prices' };
const NAMED = { task: 'prices' };
/** A task is ended by its fifth error, a module by none of these runs. */
const FIVE = { 'thresholds.task_errors': 5, 'thresholds.module_errors': 1_000 };

/** Submits a run that stays open with one error. */
async function waiting(node: FlowNode, task: object): Promise<string> {
  const runId = await submit(node, flaky, { waiting: true }, task);
  await vi.waitFor(
    async () => expect(await node.coordinator.findRun(runId)).toMatchObject({ modules: [{ errors: 1 }] }),
    { interval: 5, timeout: 20_000 },
  );
  return runId;
}

export function describeNamedTasks(mode: FlowMode): void {
  it('the threshold of a task trips over three runs of which none reaches it alone; then it is refused until it is lifted', async () => {
    const node = await startIn(mode, [flaky], FIVE);
    for (const failing of [2, 2])
      expect((await run(node, flaky, { failing }, NAMED)).end.finishReason).toBe('completed');
    const { end, runId } = await run(node, flaky, { failing: 2 }, NAMED);
    expect(end).toMatchObject({
      finishReason: 'terminated',
      detail: expect.stringMatching(/^threshold: 5 errors in \d+ executions of its task/),
    });
    expect((await node.store.findTask(KEY, 0))?.mark).toMatchObject({ by: 'threshold', runId });
    await expect(submit(node, flaky, { failing: 3 }, NAMED)).rejects.toMatchObject({ code: 'submit.task_terminated' });
    expect((await run(node, flaky, { failing: 2 }, { ...NAMED, account: 'other' })).end.finishReason).toBe('completed');
    expect((await run(node, flaky, { failing: 2 })).end.finishReason).toBe('completed');
    expect(await node.store.liftTask(KEY)).toBe(true);
    expect((await run(node, flaky, { failing: 4 }, NAMED)).end.finishReason).toBe('completed');
  });

  it('a task that trips ends its other open runs, and no run of another task', async () => {
    const node = await startIn(mode, [flaky], FIVE);
    const beside = await waiting(node, NAMED);
    const foreign = await waiting(node, { task: 'other' });
    expect((await run(node, flaky, { failing: 4 }, NAMED)).end.finishReason).toBe('terminated');
    const { end } = await ended(node, beside);
    expect(end.finishReason).toBe('terminated');
    expect(end.detail).toContain('its task prices was terminated: threshold: 5 errors in ');
    expect(await node.coordinator.findRun(foreign)).toMatchObject({ mark: '', state: 'open' });
  });

  it('a mark that a process set before it died ends the runs at the next start', async () => {
    const place = await mode.newPlace();
    const first = await place.start([flaky]);
    const runId = await waiting(first, NAMED);
    await first.store.markTask(KEY, { by: 'operator at 10.0.0.7', reason: 'a test', atMs: 0, runId: '' });
    await first.stop();
    const second = await place.start([flaky]);
    expect((await ended(second, runId)).end).toMatchObject({ finishReason: 'terminated' });
  });

  it('while a task cools down after errors in a row its runs that wait are put off, and those of others are not', async () => {
    const coolMs = 1_500;
    const node = await startIn(mode, [flaky], {
      cooldown_ms: coolMs,
      cooldown_errors: 3,
      ...FIVE,
      'thresholds.task_errors': 1_000,
    });
    await run(node, flaky, { failing: 2 }, NAMED);
    const last = await run(node, flaky, { failing: 1 }, NAMED);
    const put = await submit(node, flaky, {}, NAMED);
    await run(node, flaky, {}, { task: 'other' });
    const { end } = await ended(node, put);
    expect(end.finishReason).toBe('completed');
    expect(end.endedAtMs - last.end.endedAtMs).toBeGreaterThanOrEqual(coolMs);
  });
}
