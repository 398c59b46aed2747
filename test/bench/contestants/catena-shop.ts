/** Catena on the shop, without a rate limit, everything else as by default. */
import { join } from 'node:path';

import { measure } from '../child.ts';
import { completed, itemsOf, startBenchNode, submit } from './bench-node.ts';
import { plainShop } from './plain-shop.ts';
import type { CrawlJob } from './shop-fields.ts';

await measure(async ({ base, concurrency, folder, variant }: CrawlJob) => {
  const node = startBenchNode(plainShop, variant === 'memory' ? ':memory:' : join(folder, 'catena.db'), {
    'limits.requests_per_second': 0,
    'limits.concurrency_per_host': concurrency,
    download_concurrency: concurrency,
  });
  const { runId } = await submit(node, plainShop, { base });
  await completed(node, runId);
  return async () => {
    const items = await itemsOf(node, runId);
    await node.stop();
    return items;
  };
});
