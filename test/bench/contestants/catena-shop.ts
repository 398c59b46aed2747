/** Catena on the shop, without a rate limit, everything else as by default. */
import { join } from 'node:path';
import { measure, readJob } from '../child.ts';
import { openBenchModule } from './bench-modules.ts';
import { completed, itemsOf, startBenchNode, submit } from './bench-node.ts';
import type { CrawlJob } from './shop-fields.ts';

/** Where it stores, how it reads, and where its code runs. */
const VARIANTS = {
  file: { store: 'file', module: 'plain-shop.ts', place: 'workers' },
  memory: { store: 'memory', module: 'plain-shop.ts', place: 'workers' },
  'file-extract': { store: 'file', module: 'plain-shop-extract.ts', place: 'workers' },
  'memory-extract': { store: 'memory', module: 'plain-shop-extract.ts', place: 'workers' },
  'file-inline': { store: 'file', module: 'plain-shop.ts', place: 'inline' },
} as const;

const variant = VARIANTS[readJob<CrawlJob>().variant as keyof typeof VARIANTS];
// Loaded before anything is measured, as everybody's code is.
const opened = await openBenchModule(variant.module, variant.place);

await measure(async ({ base, concurrency, folder }: CrawlJob) => {
  const [module] = opened.modules;
  const node = startBenchNode(module!, variant.store === 'memory' ? ':memory:' : join(folder, 'catena.db'), {
    'limits.requests_per_second': 0,
    'limits.concurrency_per_host': concurrency,
    download_concurrency: concurrency,
  });
  const { runId } = await submit(node, module!, { base });
  await completed(node, runId);
  return async () => {
    const items = await itemsOf(node, runId);
    await node.stop();
    await opened.stop();
    return items;
  };
});
