import { expect, it } from 'vitest';
import { formatCost } from './format.ts';

it.each([
  [{ spent: 0, reserved: 0, cap: undefined }, ''],
  [{ spent: 0, reserved: 0, cap: 5 }, '0.00 of at most 5.00'],
  [{ spent: 1_234.5, reserved: 0, cap: undefined }, '1,234.50'],
  [{ spent: 0.000_007, reserved: 0, cap: undefined }, '0.000007'],
  [{ spent: 0.25, reserved: 2, cap: 5 }, '0.25 of at most 5.00, and up to 2.00 that was never confirmed'],
])('%j is told as %j', (cost, text) => {
  expect(formatCost(cost)).toBe(text);
});
