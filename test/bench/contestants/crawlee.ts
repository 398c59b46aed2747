/**
 * Crawlee's CheerioCrawler on the shop, with its defaults but for the concurrency: it is fixed, as everybody's, so that
 * no time goes into feeling its way up. Its storage is the memory, or the folder where it would keep it by default.
 */
import { join } from 'node:path';
import { measure } from '../child.ts';
import { loadCrawlee } from './crawlee-package.ts';
import { type CrawlJob, readList, readProduct } from './shop-fields.ts';

const { CheerioCrawler, Configuration, MemoryStorage, log } = await loadCrawlee();

await measure(async ({ base, concurrency, folder, variant }: CrawlJob) => {
  log.setLevel(log.LEVELS.OFF);
  const persistStorage = variant === 'disk';
  const storageClient = new MemoryStorage({ persistStorage, localDataDirectory: join(folder, 'storage') });
  const crawler = new CheerioCrawler(
    {
      minConcurrency: concurrency,
      maxConcurrency: concurrency,
      async requestHandler({ $, request, addRequests, pushData }) {
        const { pathname } = new URL(request.url);
        const last = pathname.slice(pathname.lastIndexOf('/') + 1);
        if (request.label === 'detail') return pushData(readProduct($, last));
        const { skus, hasNext } = readList($);
        const details = skus.map((sku) => ({ url: `${base}/product/${sku}`, label: 'detail' }));
        const next = hasNext ? [{ url: `${base}/catalogue/${Number(last) + 1}`, label: 'list' }] : [];
        await addRequests([...details, ...next]);
      },
    },
    new Configuration({ storageClient, persistStorage }),
  );
  const { requestsFailed } = await crawler.run([{ url: `${base}/catalogue/1`, label: 'list' }]);
  if (requestsFailed > 0) throw new Error(`${requestsFailed} requests failed`);
  return async () => (await crawler.getData()).items;
});
