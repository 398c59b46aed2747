/** One process that crawls the shop into a file, as a process of its own: its memory is its own. */

import plainShop from '../../fixtures/modules/plain-shop.ts';
import { measure } from '../child.ts';
import { completed, startBenchNode, submit } from '../contestants/bench-node.ts';

export interface OneProcessJob {
  readonly base: string;
  /** The database file. */
  readonly path: string;
}

export interface OneProcessResult {
  readonly nodes: number;
  readonly items: number;
}

await measure<OneProcessJob, OneProcessResult>(async ({ base, path }) => {
  const unlimited = { 'limits.requests_per_second': 0, 'limits.concurrency_per_host': 0, 'robots.enabled': false };
  const node = startBenchNode(plainShop, path, { ...unlimited, 'http.deny_private_targets': false });
  const { runId } = await submit(node, plainShop, { base });
  const { done, items } = await completed(node, runId);
  return async () => {
    await node.stop();
    return { nodes: done, items };
  };
});
