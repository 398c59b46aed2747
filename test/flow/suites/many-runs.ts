/** Many runs at once, and what is too large, in either mode. Counted in runs, never in seconds. */
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { codeOf, ended, type FlowMode, itemsOf, startIn, submit } from '../../fixtures/flow.ts';
import largeItems from '../../fixtures/modules/large-items.ts';
import shares from '../../fixtures/modules/shares.ts';

const SMALL = 250;
const END_MS = 80;
const MIB = 1_024 * 1_024;
const PATIENT = { timeout: 20_000, interval: 10 };

/** Where one look of the sweeper is for all runs; what a look of each shard answers is the suite's of the coordinator. */
export function describeManyEnds(mode: FlowMode): void {
  it('K2: a deadline is kept while hundreds of ended runs wait to be written', { timeout: 120_000 }, async () => {
    const node = await startIn(mode, [shares], { task_concurrency: 16 });
    const closeRun = node.store.closeRun.bind(node.store);
    let written = 0;
    vi.spyOn(node.store, 'closeRun').mockImplementation(async (...end) => {
      await wait(END_MS);
      await closeRun(...end);
      written += 1;
    });
    const late = await submit(node, shares, { hops: 100_000, ms: 5 }, { deadlineMs: 1_500 });
    const small = await Promise.all(Array.from({ length: SMALL }, () => submit(node, shares)));
    await vi.waitFor(
      async () => expect((await node.coordinator.findRun(late))?.modules[0]?.phases[0]?.closed).toBe('deadline'),
      { timeout: 60_000, interval: 5 },
    );
    expect(written).toBeLessThan((SMALL * 3) / 4);
    await Promise.all([late, ...small].map((runId) => node.closed(runId)));
    expect((await node.store.findRun(late))!.end).toMatchObject({ finishReason: 'deadline' });
  });
}

export function describeLargeItems(mode: FlowMode): void {
  it('K6: an item that is too large for its readers is refused where it is put, and all others can be read', async () => {
    const node = await startIn(mode, [largeItems]);
    const input = { chars: MIB - 100, items: 3, tooLarge: 5 * MIB };
    const { end, items, deadLetters } = await ended(node, await submit(node, largeItems, input));
    expect(end).toMatchObject({ items: 3, dead: 1 });
    expect(items).toHaveLength(3);
    expect(deadLetters.map(codeOf)).toEqual(['module.item_too_large']);
    expect(deadLetters[0]!.error).toContain(String(MIB));
  });
}

/** Where the queue of a stage can be made small. */
export function describeFullQueue(mode: FlowMode): void {
  describe('more runs at once than a queue takes', () => {
    it('K4: are all taken up, the oldest first', { timeout: 120_000 }, async () => {
      const [capacity, runs] = [20, 100];
      const settings = { 'nats.queue_capacity': capacity, task_concurrency: 2 };
      const node = await startIn(mode, [shares], settings);
      const opened: string[] = [];
      const markOpen = node.store.markOpen.bind(node.store);
      vi.spyOn(node.store, 'markOpen').mockImplementation(async (runId) => {
        if (!opened.includes(runId)) opened.push(runId);
        await markOpen(runId);
      });
      const accepted: string[] = [];
      for (let at = 0; at < runs; at++) accepted.push(await submit(node, shares, { hops: 2, ms: 20 }));
      await Promise.all(accepted.map((runId) => node.closed(runId)));
      expect(opened).toHaveLength(runs);
      // Those that found room in the queue go in their order, those that did not in theirs; how they mix is a matter of time. Of two
      // rising series one is at least half of all. Newest first, it is hardly more than what the queue takes.
      const order = opened.map((runId) => accepted.indexOf(runId));
      expect(longestRise(order.map((at) => Math.floor(at / 5)))).toBeGreaterThan(0.45 * runs);
    });
  });
}

/** The length of the longest series in these numbers, not necessarily of neighbours, that never falls. */
function longestRise(numbers: readonly number[]): number {
  const longest: number[] = [];
  numbers.forEach((number, at) => {
    const before = longest.filter((_, earlier) => numbers[earlier]! <= number);
    longest[at] = 1 + Math.max(0, ...before);
  });
  return Math.max(0, ...longest);
}

/** Where a node may be started again on what the last one left. */
export function describeGrowth(mode: FlowMode): void {
  it('K8: what ended runs leave is bounded: nodes beyond their number, the oldest first, then whole runs by age', async () => {
    const place = await mode.newPlace();
    let node = await place.start([shares]);
    const runIds: string[] = [];
    for (let at = 0; at < 4; at++) {
      const runId = await submit(node, shares, { leaves: 9, ms: 0 });
      await node.closed(runId);
      runIds.push(runId);
    }
    await node.stop();
    const kept = async () =>
      Promise.all(runIds.map(async (runId) => (await node.coordinator.findRun(runId)) !== undefined));

    // Each has ten nodes.
    node = await place.start([shares], { 'retention.finished_nodes': 25 });
    await vi.waitFor(async () => expect(await kept()).toEqual([false, false, true, true]), PATIENT);
    expect(await itemsOf(node, runIds[0]!)).toHaveLength(9);
    expect(await node.store.findRun(runIds[0]!)).toMatchObject({ end: { items: 9 } });
    await node.stop();

    node = await place.start([shares], { 'retention.finished_nodes': 25, 'retention.ended_run_ms': 1 });
    await vi.waitFor(async () => expect(await node.store.findRun(runIds[1]!)).toBeUndefined(), PATIENT);
    expect(await node.store.findRun(runIds[0]!)).toBeUndefined();
    expect(await itemsOf(node, runIds[3]!)).toHaveLength(9);
  });
}
