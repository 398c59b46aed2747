/** The floor: a bare loop of undici and cheerio that retries nothing, checks nothing and keeps everything in memory. */
import * as bySpec from 'cheerio';
import * as slim from 'cheerio/slim';
import { Pool } from 'undici';
import type { Product } from '../../../examples/shop/site/catalogue.ts';
import { measure } from '../child.ts';
import { type CrawlJob, readList, readProduct } from './shop-fields.ts';

type Target = { readonly page: number } | { readonly sku: string };

await measure(async ({ base, concurrency, variant }: CrawlJob) => {
  // `slim` is htmlparser2, which is what a module's `$` uses; the other one is parse5.
  const load = variant === 'slim' ? slim.load : bySpec.load;
  const pool = new Pool(base, { connections: concurrency });
  const products: Product[] = [];
  const queue: Target[] = [{ page: 1 }];

  const visit = async (target: Target): Promise<void> => {
    const path = 'page' in target ? `/catalogue/${target.page}` : `/product/${target.sku}`;
    const { statusCode, body } = await pool.request({ method: 'GET', path });
    const html = await body.text();
    if (statusCode !== 200) throw new Error(`${path} answered ${statusCode}`);
    const $ = load(html);
    if ('sku' in target) {
      products.push(readProduct($, target.sku));
      return;
    }
    const { skus, hasNext } = readList($);
    for (const sku of skus) queue.push({ sku });
    if (hasNext) queue.push({ page: target.page + 1 });
  };

  await drain(queue, concurrency, visit);
  return async () => {
    await pool.close();
    return products;
  };
});

/** Visits what is in the queue, and what visits add to it, until nothing is left. */
function drain(queue: readonly Target[], concurrency: number, visit: (target: Target) => Promise<void>): Promise<void> {
  let next = 0;
  let underWay = 0;
  return new Promise((resolve, reject) => {
    const advance = (): void => {
      while (underWay < concurrency && next < queue.length) {
        underWay += 1;
        visit(queue[next++]!).then(() => {
          underWay -= 1;
          advance();
        }, reject);
      }
      if (underWay === 0) resolve();
    };
    advance();
  });
}
