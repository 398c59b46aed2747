/** Catena on the shop: the module of `examples/shop` as it is, without a rate limit, everything else as by default. */
import { join } from 'node:path';
import shop from '../../../examples/shop/shop.ts';
import { measure } from '../child.ts';
import { completed, itemsOf, startBenchNode, submit } from './bench-node.ts';
import type { CrawlJob } from './shop-fields.ts';

await measure(async ({ base, concurrency, folder, variant }: CrawlJob) => {
  const node = startBenchNode(shop, variant === 'memory' ? ':memory:' : join(folder, 'catena.db'), {
    'limits.requests_per_second': 0,
    'limits.concurrency_per_host': concurrency,
    download_concurrency: concurrency,
  });
  const { runId } = await submit(node, shop, { base });
  await completed(node, runId);
  return async () => {
    const items = await itemsOf(node, runId);
    await node.stop();
    return items;
  };
});
