/** Small runs beside a large one: they end in their share of the slots, in either mode. Counted in nodes, never in seconds. */
import { describe, expect, it, vi } from 'vitest';
import { type FlowMode, type FlowNode, startIn, submit } from '../../fixtures/flow.ts';
import shares from '../../fixtures/modules/shares.ts';

const LEAVES = 3_000;
const HOPS = 3;
const SMALL = 4;
/** Slots for hops in one process. */
const SLOTS = 8;
const HOP_WINDOW = 16;

export function describeShares(mode: FlowMode): void {
  describe('small runs beside a large one', () => {
    it('K1: end while the large one does a small part of its work, and it ends whole', {
      timeout: 120_000,
    }, async () => {
      const node = await startIn(mode, [shares], { task_concurrency: SLOTS, hop_window: HOP_WINDOW });
      const large = await submit(node, shares, { leaves: LEAVES, ms: 4 });
      await vi.waitFor(async () => expect(await doneOf(node, large)).toBeGreaterThan(SLOTS), { timeout: 60_000 });
      const before = await doneOf(node, large);
      const small = await Promise.all(Array.from({ length: SMALL }, () => submit(node, shares, { hops: HOPS, ms: 4 })));
      await Promise.all(small.map((runId) => node.closed(runId)));
      const meanwhile = (await doneOf(node, large)) - before;
      // First come, first served would be all that is left: each hop would wait for every leaf before it.
      expect(meanwhile).toBeLessThan((LEAVES - before) / 3);
      await node.closed(large);
      const run = await node.store.findRun(large);
      expect(run!.end).toMatchObject({ finishReason: 'completed', done: LEAVES + 1, dead: 0, items: LEAVES });
      expect((await node.coordinator.runAudit({ runId: large })).drift).toEqual([]);
    });

    it('K1: a deadline beside a large run is kept, and the run has what it had by then', async () => {
      const node = await startIn(mode, [shares], { task_concurrency: SLOTS, hop_window: HOP_WINDOW });
      const large = await submit(node, shares, { leaves: 100_000, ms: 20 });
      await vi.waitFor(async () => expect(await doneOf(node, large)).toBeGreaterThan(SLOTS), { timeout: 60_000 });
      const late = await submit(node, shares, { hops: 10_000, ms: 20 }, { deadlineMs: 1_000 });
      await node.closed(late);
      expect((await node.store.findRun(late))!.end).toMatchObject({ finishReason: 'deadline' });
      // The large one was hardly begun: nothing waited for its end.
      expect(await doneOf(node, large)).toBeLessThan(50_000);
    });

    it('has no more nodes with the stages than its window holds', async () => {
      const node = await startIn(mode, [shares], { task_concurrency: SLOTS, hop_window: HOP_WINDOW });
      const large = await submit(node, shares, { leaves: 300, ms: 2 });
      const seen: number[] = [];
      while ((await node.store.findRun(large))?.state !== 'closed') {
        const phase = (await node.coordinator.findRun(large))?.modules[0]?.phases[0];
        if (phase !== undefined) seen.push(phase.inside!.hop);
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      expect(Math.max(...seen)).toBeGreaterThan(SLOTS / 2);
      expect(Math.max(...seen)).toBeLessThanOrEqual(HOP_WINDOW);
    });
  });
}

export function describeClasses(mode: FlowMode): void {
  describe('runs of several classes', () => {
    it('K5: of a higher class end before those of a lower one, which get their share meanwhile', {
      timeout: 120_000,
    }, async () => {
      const node = await startIn(mode, [shares], { task_concurrency: 2 });
      const order: string[] = [];
      const start = async (name: string, priority: number) => {
        const runId = await submit(node, shares, { hops: 6, ms: 5 }, { priority });
        return { closed: node.closed(runId).then(() => void order.push(name)) };
      };
      const normal = await Promise.all(Array.from({ length: 60 }, () => start('normal', 0)));
      const high = await Promise.all(Array.from({ length: 10 }, () => start('high', 1_000)));
      await Promise.all([...normal, ...high].map(({ closed }) => closed));
      const ranks = order.flatMap((name, at) => (name === 'high' ? [at] : []));
      // By their time of arrival they would be the last ten.
      expect(Math.max(...ranks)).toBeLessThan(45);
      expect(order).toHaveLength(70);
    });
  });
}

async function doneOf(node: FlowNode, runId: string): Promise<number> {
  const run = await node.coordinator.findRun(runId);
  return (run?.modules ?? []).flatMap(({ phases }) => phases).reduce((sum, { done }) => sum + done, 0);
}
