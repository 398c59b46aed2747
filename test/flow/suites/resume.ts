/** A run goes on in the next process where the last one stopped, in either mode. */
import { expect, it, vi } from 'vitest';
import { systemClock } from '../../../libs/clock/clock.ts';
import { createRunIds } from '../../../libs/keys/run-id.ts';
import { acceptTask, fingerprintOf } from '../../../libs/stage/run/submit.ts';
import { ended, type FlowMode, type FlowNode, itemsOf, run, startIn, submit } from '../../fixtures/flow.ts';
import { tree, UNDISTURBED } from '../../fixtures/modules/tree.ts';

/** Waits until the run has more than so many items. */
export async function itemsReach(node: FlowNode, runId: string, count: number): Promise<void> {
  await vi.waitFor(async () => expect(await node.store.countItems(runId)).toBeGreaterThan(count), {
    interval: 2,
    timeout: 20_000,
  });
}

export function describeResume(mode: FlowMode): void {
  it('a stop in the middle leaves a run that the next start ends with exactly the same items', async () => {
    const place = await mode.newPlace();
    const first = await place.start([tree]);
    const runId = await submit(first, tree);
    await itemsReach(first, runId, 50);
    await first.stop();

    const second = await place.start([tree]);
    const kept = await itemsOf(second, runId);
    expect(kept.length).toBeGreaterThan(50);
    expect(kept.length).toBeLessThan(600);
    const { end, items } = await ended(second, runId);
    expect(end).toMatchObject({ finishReason: 'completed', done: 622, dead: 0, items: 601 });
    expect(items).toEqual(UNDISTURBED);
    expect(items).toContainEqual({ leaves: 600 });
  });

  it('so do many stops', async () => {
    const place = await mode.newPlace();
    let node = await place.start([tree]);
    const runId = await submit(node, tree);
    for (const count of [1, 100, 200, 300, 400, 500]) {
      await itemsReach(node, runId, count);
      await node.stop();
      node = await place.start([tree]);
    }
    const { items } = await ended(node, runId);
    expect(items).toEqual(UNDISTURBED);
  });

  it('a task that was accepted and never opened is opened by the next start', async () => {
    const place = await mode.newPlace();
    const first = await place.start([tree]);
    const { store } = first;
    const accepting = { store, clock: systemClock, nextRunId: createRunIds(systemClock) };
    const { runId } = await acceptTask(accepting, { modules: [tree.id], input: {}, account: 'acme', platform: 'web' });
    await first.stop();
    const second = await place.start([tree]);
    expect((await ended(second, runId)).end).toMatchObject({ finishReason: 'completed', items: 601 });
  });

  it('an ended run stays ended, and is found as the same work', async () => {
    const place = await mode.newPlace();
    const first = await place.start([tree]);
    const done = await run(first, tree, { branches: 1 });
    await first.stop();
    const second = await place.start([tree]);
    const task = { modules: [tree.id], input: { branches: 1 }, account: 'acme', platform: 'web' };
    expect(await second.store.findRunByFingerprint(fingerprintOf(task))).toMatchObject({
      runId: done.runId,
      state: 'closed',
      end: done.end,
    });
    await second.closed(done.runId);
    expect(await itemsOf(second, done.runId)).toEqual(done.items);
  });

  it('stopping may be done twice, and before anything was done', async () => {
    const node = await startIn(mode, [tree]);
    await Promise.all([node.stop(), node.stop()]);
    await node.stop();
  });
}
