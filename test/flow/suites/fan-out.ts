/** Many nodes at once, and joins that see each of them once, in either mode. */
import { expect, it } from 'vitest';
import { METRICS } from '../../../libs/telemetry/metric-names.ts';
import { type FlowMode, run, startIn } from '../../fixtures/flow.ts';
import fanOut from '../../fixtures/modules/fan-out.ts';
import threeSteps from '../../fixtures/modules/three-steps.ts';

/** What the join of so many leaves yields. */
export function joined(leaves: number) {
  return { leaves, distinct: leaves, sum: (leaves * (leaves - 1)) / 2 };
}

export function describeFanOut(mode: FlowMode, leaves: number): void {
  it('gives one node very many children, and one join sees each of them once', async () => {
    const node = await startIn(mode, [fanOut]);
    const { end, items, deadLetters } = await run(node, fanOut, { leaves });
    expect(end).toMatchObject({ finishReason: 'completed', done: leaves + 4, dead: 0, items: leaves + 1 });
    expect(items).toContainEqual(joined(leaves));
    expect(deadLetters).toEqual([]);
    const claims = node.metrics.counter(METRICS.ptmClaim);
    // The commits of two hops with one child claimed that child.
    expect(claims.with({ result: 'EXECUTE' }).value).toBe(leaves + 2);
  });

  it('chains of compute steps, each of them once', async () => {
    const { end, items } = await run(await startIn(mode, [threeSteps]), threeSteps, { chains: 500 });
    expect(end).toMatchObject({ finishReason: 'completed', done: 1_501, items: 500 });
    expect(new Set(items.map((item) => (item as { chain: number }).chain)).size).toBe(500);
  });
}
