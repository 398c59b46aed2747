import { CatenaError } from '../../errors/catena-error.ts';
import { isAmount, MICROS } from '../../limits/budgets.ts';

/** An amount of money, as typed: `2`, `0.5`. Throws `cli.bad_amount`. */
export function parseAmount(text: string, option: string): number {
  const amount = /^\d{1,10}(?:\.\d{1,6})?$/.test(text) ? Number(text) : Number.NaN;
  if (isAmount(amount) && amount >= 1 / MICROS) return amount;
  throw new CatenaError('cli.bad_amount', `${option} is "${text}", which is no amount`, {
    data: { option, text },
    remedy: 'write a number above 0, with at most six digits behind the point: 2, or 0.5',
  });
}
