/** The shop read by hand: the same fields as `examples/shop/shop.ts` collects, for crawls that are not a module's. */
import { type Fields, number, type Page } from 'catena';
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

const listFields = {
  skus: [{ select: '.grid .card', attr: 'data-sku' }],
  next: { select: '.pagination a[rel=next]', optional: true },
} as const satisfies Fields;

const productFields = {
  product: {
    select: '.product',
    fields: {
      title: '.title',
      price: { select: '.price', as: number() },
      currency: { select: '.price', attr: 'data-currency' },
      category: '.category',
      rating: { select: '.rating', attr: 'data-rating', as: number(), default: null },
      stock: { select: '.stock', as: (text) => Number(/\d+/.exec(text)?.[0] ?? 0) },
      description: '.description',
    },
  },
} as const satisfies Fields;

/** The same by declared fields. */
export function extractList(page: Page): ListPage {
  const { skus, next } = page.extract(listFields);
  return { skus, hasNext: next !== undefined };
}

export function extractProduct(page: Page, sku: string): Product {
  return { sku, ...page.extract(productFields).product };
}
