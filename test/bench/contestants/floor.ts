/** The floor: a bare loop of undici and a parser that retries nothing, checks nothing and keeps everything in memory. */
import * as bySpec from 'cheerio';
import * as slim from 'cheerio/slim';
import { Pool } from 'undici';
import type { Product } from '../../../examples/shop/site/catalogue.ts';
import { SourcePage } from '../../../libs/modules/page/page.ts';
import { measure } from '../child.ts';
import { type CrawlJob, extractList, extractProduct, type ListPage, readList, readProduct } from './shop-fields.ts';

type Target = { readonly page: number } | { readonly sku: string };

interface Read {
  readonly list: (html: Uint8Array) => ListPage;
  readonly product: (html: Uint8Array, sku: string) => Product;
}

const decoder = new TextDecoder();
const headers = { 'content-type': 'text/html; charset=utf-8' };

function pageOf(body: Uint8Array): SourcePage {
  return new SourcePage({ url: 'http://127.0.0.1/', status: 200, headers, body }, 'fast');
}

/** `slim` is htmlparser2, `parse5` the tree of a browser; `extract` is what a module's `extract` does. */
const READS: Readonly<Record<'slim' | 'parse5' | 'extract', Read>> = {
  slim: {
    list: (html) => readList(slim.load(decoder.decode(html))),
    product: (html, sku) => readProduct(slim.load(decoder.decode(html)), sku),
  },
  parse5: {
    list: (html) => readList(bySpec.load(decoder.decode(html))),
    product: (html, sku) => readProduct(bySpec.load(decoder.decode(html)), sku),
  },
  extract: {
    list: (html) => extractList(pageOf(html)),
    product: (html, sku) => extractProduct(pageOf(html), sku),
  },
};

await measure(async ({ base, concurrency, variant }: CrawlJob) => {
  const { list, product } = READS[variant as keyof typeof READS];
  const pool = new Pool(base, { connections: concurrency });
  const products: Product[] = [];
  const queue: Target[] = [{ page: 1 }];

  const visit = async (target: Target): Promise<void> => {
    const path = 'page' in target ? `/catalogue/${target.page}` : `/product/${target.sku}`;
    const { statusCode, body } = await pool.request({ method: 'GET', path });
    const html = new Uint8Array(await body.arrayBuffer());
    if (statusCode !== 200) throw new Error(`${path} answered ${statusCode}`);
    if ('sku' in target) {
      products.push(product(html, target.sku));
      return;
    }
    const { skus, hasNext } = list(html);
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
