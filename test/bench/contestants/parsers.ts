/** Each way to read a page, alone: the product pages of the shop, from bytes in memory to the same rows. */
import * as bySpec from 'cheerio';
import * as slim from 'cheerio/slim';
import { Parser } from 'htmlparser2';
import { Catalogue, defaultCatalogue, type Product } from '../../../examples/shop/site/catalogue.ts';
import { renderProduct } from '../../../examples/shop/site/pages.ts';
import { SourcePage } from '../../../libs/modules/page/page.ts';
import { measure, readJob } from '../child.ts';
import { extractProduct, readProduct } from './shop-fields.ts';

export interface ParseJob {
  readonly products: number;
  readonly variant: string;
}

const decoder = new TextDecoder();
const headers = { 'content-type': 'text/html; charset=utf-8' };

const READS: Readonly<Record<string, (body: Uint8Array, sku: string) => Product>> = {
  slim: (body, sku) => readProduct(slim.load(decoder.decode(body)), sku),
  parse5: (body, sku) => readProduct(bySpec.load(decoder.decode(body)), sku),
  dollar: (body, sku) => readProduct(pageOf(body).$, sku),
  extract: (body, sku) => extractProduct(pageOf(body), sku),
  sax: (body, sku) => readBySax(decoder.decode(body), sku),
};

// Rendered before anything is measured.
const { products, variant } = readJob<ParseJob>();
const catalogue = new Catalogue({ ...defaultCatalogue, products });
const pages = Array.from({ length: products }, (_, at) => ({
  sku: catalogue.productAt(at).sku,
  body: Buffer.from(renderProduct(catalogue, at)),
}));
const read = READS[variant]!;

await measure(async () => {
  const rows = pages.map(({ sku, body }) => read(body, sku));
  return async () => rows;
});

function pageOf(body: Uint8Array): SourcePage {
  return new SourcePage({ url: 'http://127.0.0.1/', status: 200, headers, body }, 'fast');
}

/** As little as this page allows: the text of six elements of the product, and two attributes. */
function readBySax(html: string, sku: string): Product {
  const texts: Record<string, string> = { title: '', price: '', category: '', stock: '', description: '' };
  let currency = '';
  let rating: string | undefined;
  let depth = 0;
  let field = '';
  let fieldDepth = 0;
  const parser = new Parser({
    onopentag(_name, { class: classes, ...attributes }) {
      if (depth > 0) depth += 1;
      else if (classes === 'product') depth = 1;
      if (depth === 0 || classes === undefined) return;
      if (classes in texts) {
        field = classes;
        fieldDepth = depth;
      }
      if (classes === 'price') currency = attributes['data-currency'] ?? '';
      if (classes === 'rating') rating = attributes['data-rating'];
    },
    ontext(data) {
      if (field !== '') texts[field] += data;
    },
    onclosetag() {
      if (depth === fieldDepth) field = '';
      if (depth > 0) depth -= 1;
    },
  });
  parser.end(html);
  return {
    sku,
    title: texts.title!,
    price: Number(texts.price!.replaceAll(',', '')),
    currency,
    category: texts.category!,
    rating: rating === undefined ? null : Number(rating),
    stock: Number(/\d+/.exec(texts.stock!)?.[0] ?? 0),
    description: texts.description!,
  };
}
