import { load } from 'cheerio/slim';
import { describe, expect, it } from 'vitest';
import { Catalogue, expectedItems } from './catalogue.ts';
import { checkFaultPlan, crashRunFaults, type FaultKind, faultOf, malformed } from './faults.ts';
import { listPath, productPath, renderList, renderProduct } from './pages.ts';

const paths = expectedItems({ products: 20_000 }).map((item) => productPath(item.sku));

describe('the faults', () => {
  it('depend on seed, path and request number alone', () => {
    const decide = (seed: number, nth: number): (FaultKind | undefined)[] =>
      paths.map((path) => faultOf(crashRunFaults, seed, path, nth));
    expect(decide(1, 1)).toEqual(decide(1, 1));
    expect(decide(1, 1)).not.toEqual(decide(2, 1));
    expect(decide(1, 1)).not.toEqual(decide(1, 2));
  });

  it('come at the rates of the crash runs', () => {
    const counts: Record<FaultKind, number> = { error: 0, timeout: 0, malformed: 0, throttled: 0 };
    for (const path of paths) {
      const fault = faultOf(crashRunFaults, 11, path, 1);
      if (fault !== undefined) counts[fault] += 1;
    }
    // Four standard deviations of a binomial distribution: about 0.6 % at 5 %, 0.4 % at 2 %.
    expect(Math.abs(counts.error / paths.length - 0.05)).toBeLessThan(0.0062);
    for (const kind of ['timeout', 'malformed', 'throttled'] as const) {
      expect(Math.abs(counts[kind] / paths.length - 0.02)).toBeLessThan(0.004);
    }
  });

  it('make the second request of a path fail as often after a first failure as after none', () => {
    const failed = paths.filter((path) => faultOf(crashRunFaults, 3, path, 1) !== undefined);
    const again = failed.filter((path) => faultOf(crashRunFaults, 3, path, 2) !== undefined);
    expect(failed.length).toBeGreaterThan(1_500);
    expect(Math.abs(again.length / failed.length - 0.11)).toBeLessThan(0.03);
  });

  it('leave a path alone after its first requests', () => {
    const always = { ...crashRunFaults, rates: { error: 1, timeout: 0, malformed: 0, throttled: 0 }, maxPerPath: 2 };
    expect([1, 2, 3, 4].map((nth) => faultOf(always, 1, '/', nth))).toEqual(['error', 'error', undefined, undefined]);
  });

  it('refuse a plan that makes no sense', () => {
    const rates = crashRunFaults.rates;
    expect(() => checkFaultPlan(crashRunFaults)).not.toThrow();
    expect(() => checkFaultPlan({ ...crashRunFaults, rates: { ...rates, error: -0.1 } })).toThrow(/rate of error/);
    expect(() => checkFaultPlan({ ...crashRunFaults, rates: { ...rates, error: Number.NaN } })).toThrow(/NaN/);
    expect(() => checkFaultPlan({ ...crashRunFaults, rates: { ...rates, error: 0.99 } })).toThrow(/sum/);
    expect(() => checkFaultPlan({ ...crashRunFaults, retryAfterS: 0.5 })).toThrow(/retryAfterS/);
  });
});

describe('a malformed page', () => {
  const catalogue = new Catalogue({ products: 60, pageSize: 20, seed: 4 });

  it('of a product always lacks its title, its price or its footer', () => {
    for (let index = 0; index < 60; index++) {
      const path = productPath(catalogue.productAt(index).sku);
      for (const nth of [1, 2]) {
        const $ = load(malformed(renderProduct(catalogue, index), 4, path, nth));
        const whole = ['.product .title', '.product .price', '.site-footer'].every((needed) => $(needed).length > 0);
        expect(whole, `${path}, request ${nth}`).toBe(false);
      }
    }
  });

  it('of a list always lacks a product, its pagination or its footer', () => {
    const ways = new Set<string>();
    for (let nth = 1; nth <= 40; nth++) {
      const $ = load(malformed(renderList(catalogue, 2), 4, listPath(2), nth));
      const cards = $('.grid .card').length;
      const whole = cards === 20 && $('.pagination').length > 0 && $('.site-footer').length > 0;
      expect(whole, `request ${nth}`).toBe(false);
      ways.add($('.spinner').length > 0 ? 'shell' : $('.site-footer').length > 0 ? 'gutted' : 'cut off');
    }
    expect([...ways].sort()).toEqual(['cut off', 'gutted', 'shell']);
  });
});
