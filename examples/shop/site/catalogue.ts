/**
 * What the shop sells: a pure function of the seed. The site renders it and the oracle answers it, and neither needs
 * the other, so a test can hold what was collected over HTTP against what exists.
 */
import { Dice } from './random.ts';
import { type Category, categories, currencies, descriptions, finishes, materials } from './words.ts';

/** A product as the module must collect it, field by field. */
export interface Product {
  readonly sku: string;
  readonly title: string;
  /** In units of the currency, with at most two decimals. */
  readonly price: number;
  /** ISO 4217. */
  readonly currency: string;
  readonly category: string;
  /** 1–5 with one decimal; null while nobody has rated it. */
  readonly rating: number | null;
  /** Pieces in stock; 0 is sold out. */
  readonly stock: number;
  readonly description: string;
}

export interface CatalogueOptions {
  /** How many products there are. */
  readonly products: number;
  /** Products on one list page. */
  readonly pageSize: number;
  readonly seed: number;
}

export const defaultCatalogue: CatalogueOptions = { products: 2_000, pageSize: 20, seed: 1 };

export class Catalogue {
  readonly size: number;
  readonly pageSize: number;
  readonly seed: number;

  /** Throws a RangeError when a size is not a positive whole number. */
  constructor(options: CatalogueOptions) {
    this.size = positive('products', options.products);
    this.pageSize = positive('pageSize', options.pageSize);
    this.seed = options.seed;
  }

  /** The number of list pages; they are numbered from 1. */
  get pageCount(): number {
    return Math.ceil(this.size / this.pageSize);
  }

  /** The product at a place from 0 to size − 1. */
  productAt(index: number): Product {
    return describe(this.seed, index);
  }

  /** The products of a list page, in their order. */
  productsOn(page: number): Product[] {
    const first = (page - 1) * this.pageSize;
    const count = Math.max(0, Math.min(this.pageSize, this.size - first));
    return Array.from({ length: count }, (_, offset) => this.productAt(first + offset));
  }

  /** The place of a sku, or undefined when the shop does not sell it. */
  indexOf(sku: string): number | undefined {
    const digits = /^[A-Z]{3}-(\d{6,})$/.exec(sku)?.[1];
    const index = Number(digits);
    return index < this.size && this.productAt(index).sku === sku ? index : undefined;
  }

  /** Products that a page shows beside this one; never itself, never one twice. */
  relatedTo(index: number, count: number): Product[] {
    const dice = new Dice(`${this.seed}/related/${index}`);
    const places = new Set<number>();
    for (let tries = 0; tries < count * 2 && places.size < count; tries++) {
      const place = dice.between(0, this.size - 1);
      if (place !== index) places.add(place);
    }
    return Array.from(places, (place) => this.productAt(place));
  }
}

/**
 * The oracle: every item that a complete run must yield, once each, in list order. `pages` limits it to the first list
 * pages, as the module's input of that name does.
 */
export function expectedItems(options: Partial<CatalogueOptions> = {}, pages = Number.POSITIVE_INFINITY): Product[] {
  const catalogue = new Catalogue({ ...defaultCatalogue, ...options });
  const count = Math.min(catalogue.size, pages * catalogue.pageSize);
  return Array.from({ length: count }, (_, index) => catalogue.productAt(index));
}

function describe(seed: number, index: number): Product {
  const dice = new Dice(`${seed}/product/${index}`);
  const category: Category = dice.pick(categories);
  const noun = dice.pick(category.nouns);
  const material = dice.pick(materials);
  const rated = dice.between(1, 10) > 1;
  return {
    sku: `${category.code}-${String(index).padStart(6, '0')}`,
    title: `${dice.pick(finishes)} ${material} ${noun} “${dice.pick(category.lines)} ${dice.between(2, 990)}”`,
    price: dice.between(199, 249_999) / 100,
    currency: dice.pick(currencies),
    category: category.name,
    rating: rated ? dice.between(10, 50) / 10 : null,
    stock: dice.between(1, 8) === 1 ? 0 : dice.between(1, 480),
    description: Array.from({ length: dice.between(3, 6) }, () =>
      dice.pick(descriptions).replaceAll('%noun%', noun).replaceAll('%material%', material),
    ).join(' '),
  };
}

function positive(name: string, value: number): number {
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new RangeError(`${name} is ${value}: give a whole number above 0`);
}
