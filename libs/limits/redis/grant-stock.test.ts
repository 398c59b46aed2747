import { expect, it } from 'vitest';
import { GrantStock } from './grant-stock.ts';

it('gives each start at its time, and not after it is stale', () => {
  const stock = new GrantStock();
  stock.add(1_000, 100, 3);
  expect([stock.size, stock.nextDueMs, stock.staleAtMs]).toEqual([3, 1_000, 1_250]);
  expect([stock.takeDue(999), stock.takeDue(1_000), stock.takeDue(1_000)]).toEqual([false, true, false]);
  expect(stock.takeDue(1_400), 'the second is stale, the third is not').toBe(true);
  expect([stock.takeDue(9_000), stock.size, stock.nextDueMs]).toEqual([false, 0, Number.POSITIVE_INFINITY]);
});

it('gives up the last ones first', () => {
  const stock = new GrantStock();
  stock.add(0, 10, 3);
  stock.keepFirst(5);
  stock.keepFirst(1);
  expect([stock.size, stock.nextDueMs]).toEqual([1, 0]);
});

it('says how often it was cleared', () => {
  const stock = new GrantStock();
  stock.add(0, 0, 2);
  stock.clear();
  expect([stock.size, stock.clears, stock.takeDue(0)]).toEqual([0, 1, false]);
});
