/** The crawl of the proof with Crawlee's CheerioCrawler. Whoever starts it again with the same folder goes on. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadCrawlee } from '../../bench/contestants/crawlee-package.ts';
import type { ProofItem } from '../site.ts';

const { base, folder } = JSON.parse(process.argv[2]!) as Record<'base' | 'folder', string>;
const { CheerioCrawler, Configuration, MemoryStorage, log } = await loadCrawlee();
log.setLevel(log.LEVELS.OFF);
const localDataDirectory = join(folder, 'storage');
const storageClient = new MemoryStorage({ persistStorage: true, localDataDirectory });
const crawler = new CheerioCrawler(
  {
    minConcurrency: 16,
    maxConcurrency: 16,
    async requestHandler({ $, request, addRequests, pushData }) {
      if (request.label === 'page') {
        await pushData({ id: request.url.slice(request.url.lastIndexOf('/') + 1), value: Number($('#value').text()) });
        return;
      }
      const links = $('a').toArray();
      await addRequests(links.map((link) => ({ url: new URL($(link).attr('href')!, base).href, label: 'page' })));
    },
  },
  new Configuration({ storageClient, persistStorage: true, purgeOnStart: false }),
);
await crawler.run([{ url: `${base}/list`, label: 'list' }]);
const items = (await crawler.getData()).items as ProofItem[];
const once = new Map(items.map(({ id, value }) => [id, value]));
const sum = { id: 'sum', value: [...once.values()].reduce((total, value) => total + value, 0) };
await writeFile(join(localDataDirectory, 'sum.json'), JSON.stringify(sum));
process.exit(0);
