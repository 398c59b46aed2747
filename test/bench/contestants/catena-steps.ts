/** Catena without network: chains of three compute steps and an item each. */
import { join } from 'node:path';
import threeSteps from '../../fixtures/modules/three-steps.ts';
import { measure } from '../child.ts';
import { completed, startBenchNode, submit } from './bench-node.ts';

export interface StepsJob {
  readonly chains: number;
  readonly folder: string;
  readonly variant: string;
}

/** Steps that were executed, three of each chain and the start, and the items that came of them. */
export interface StepsResult {
  readonly steps: number;
  readonly items: number;
}

await measure(async ({ chains, folder, variant }: StepsJob) => {
  const node = startBenchNode(threeSteps, variant === 'memory' ? ':memory:' : join(folder, 'catena.db'));
  const { runId } = await submit(node, threeSteps, { chains });
  const { done, items } = await completed(node, runId);
  return async (): Promise<StepsResult> => {
    await node.stop();
    return { steps: done, items };
  };
});
