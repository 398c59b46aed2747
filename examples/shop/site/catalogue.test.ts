import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Catalogue, defaultCatalogue, expectedItems } from './catalogue.ts';
import { pageTotal } from './routes.ts';

describe('the catalogue', () => {
  it('is the same for the same seed and another for another seed', () => {
    expect(expectedItems({ products: 50, seed: 7 })).toEqual(expectedItems({ products: 50, seed: 7 }));
    expect(expectedItems({ products: 50, seed: 7 })).not.toEqual(expectedItems({ products: 50, seed: 8 }));
  });

  it('has at least 2,000 pages by default, and no sku twice', () => {
    const items = expectedItems();
    expect(items).toHaveLength(2_000);
    expect(new Set(items.map((item) => item.sku)).size).toBe(2_000);
    expect(pageTotal(new Catalogue(defaultCatalogue))).toBe(2_101);
  });

  it('has products of every kind that a collector must tell apart', () => {
    const items = expectedItems();
    expect(items.some((item) => item.rating === null)).toBe(true);
    expect(items.some((item) => item.stock === 0)).toBe(true);
    expect(items.some((item) => item.price >= 1_000)).toBe(true);
    expect(items.some((item) => /[<&"]/.test(item.description))).toBe(true);
    expect(new Set(items.map((item) => item.currency)).size).toBeGreaterThan(2);
  });

  it('puts every product on exactly one list page', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 90 }), fc.integer({ min: 1, max: 30 }), (products, pageSize) => {
        const catalogue = new Catalogue({ products, pageSize, seed: 3 });
        const pages = Array.from({ length: catalogue.pageCount }, (_, page) => catalogue.productsOn(page + 1));
        expect(pages.every((page) => page.length > 0)).toBe(true);
        expect(pages.flat()).toEqual(expectedItems({ products, pageSize, seed: 3 }));
      }),
    );
  });

  it('answers the oracle of the first list pages only', () => {
    expect(expectedItems({ products: 50, pageSize: 20 }, 2)).toHaveLength(40);
    expect(expectedItems({ products: 50, pageSize: 20 }, 9)).toHaveLength(50);
  });

  it('finds a product by its sku and by nothing else', () => {
    const catalogue = new Catalogue({ products: 30, pageSize: 10, seed: 5 });
    expect(catalogue.indexOf(catalogue.productAt(17).sku)).toBe(17);
    for (const sku of ['', 'LMP-000099', 'lmp-000001', 'XXX-000001', 'LMP-00000001', 'LMP-1e0000', '../etc']) {
      expect(catalogue.indexOf(sku)).toBeUndefined();
    }
  });

  it('never relates a product to itself or to another one twice', () => {
    const catalogue = new Catalogue({ products: 12, pageSize: 10, seed: 5 });
    for (let index = 0; index < 12; index++) {
      const skus = catalogue.relatedTo(index, 8).map((product) => product.sku);
      expect(new Set(skus).size).toBe(skus.length);
      expect(skus).not.toContain(catalogue.productAt(index).sku);
    }
  });

  it('refuses sizes that make no shop', () => {
    expect(() => new Catalogue({ products: 0, pageSize: 20, seed: 1 })).toThrow(/products is 0/);
    expect(() => new Catalogue({ products: 10, pageSize: 2.5, seed: 1 })).toThrow(/pageSize is 2.5/);
  });
});
