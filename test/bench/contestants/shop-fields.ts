/** The shop read by hand: the same fields as `examples/shop/shop.ts` collects, for crawls that are not a module's. */
import type { CheerioAPI } from 'cheerio/slim';
import type { Product } from '../../../examples/shop/site/catalogue.ts';

/** What every crawl of the shop is told. */
export interface CrawlJob {
  readonly base: string;
  /** Requests under way at once. */
  readonly concurrency: number;
  /** For files. */
  readonly folder: string;
  /** Which form of the contestant. */
  readonly variant: string;
}

export interface ListPage {
  readonly skus: readonly string[];
  readonly hasNext: boolean;
}

export function readList($: CheerioAPI): ListPage {
  const skus = $('.grid .card')
    .toArray()
    .map((card) => $(card).attr('data-sku') ?? '');
  return { skus, hasNext: $('.pagination a[rel=next]').length > 0 };
}

export function readProduct($: CheerioAPI, sku: string): Product {
  const product = $('.product');
  const text = (selector: string): string => product.find(selector).text();
  const rating = product.find('.rating').attr('data-rating');
  return {
    sku,
    title: text('.title'),
    price: Number(text('.price').replaceAll(',', '')),
    currency: product.find('.price').attr('data-currency') ?? '',
    category: text('.category'),
    rating: rating === undefined ? null : Number(rating),
    stock: Number(/\d+/.exec(text('.stock'))?.[0] ?? 0),
    description: text('.description'),
  };
}
