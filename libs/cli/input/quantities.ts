import { CatenaError } from '../../errors/catena-error.ts';
import { isAmount, MICROS } from '../../limits/budgets.ts';

/** An amount of money, as typed: `2`, `0.5`. Throws `cli.bad_amount`. */
export function parseAmount(text: string, option: string): number {
  const amount = /^\d{1,10}(?:\.\d{1,6})?$/.test(text) ? Number(text) : Number.NaN;
  if (isAmount(amount) && amount >= 1 / MICROS) return amount;
  throw new CatenaError('cli.bad_amount', `${option} is "${text}", which is not an amount`, {
    data: { option, text },
    remedy: 'write a number above 0, with at most six decimal places: 2, or 0.5',
  });
}

const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `500ms`, `30s`, `2m`, `1.5h`, `1d` in milliseconds; a bare number is seconds. Throws `cli.bad_duration`. */
export function parseDuration(text: string, option: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)?$/.exec(text.trim());
  const ms = match === null ? Number.NaN : Math.round(Number(match[1]) * UNITS_MS[match[2] ?? 's']!);
  if (ms > 0 && Number.isSafeInteger(ms)) return ms;
  throw new CatenaError('cli.bad_duration', `${option} is "${text}", which is not a duration above zero`, {
    remedy: 'write a number and a unit: 500ms, 30s, 2m, 1h',
  });
}

/** A whole number, as typed: `0`, `500`. Throws `cli.bad_number`. */
export function parseWhole(text: string, option: string, least: number): number {
  const number = /^\d+$/.test(text.trim()) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(number) && number >= least) return number;
  throw new CatenaError('cli.bad_number', `${option} is "${text}", which is not a whole number from ${least} on`, {
    data: { option, text },
    remedy: `write a whole number from ${least} on`,
  });
}

const UNITS_BYTES: Readonly<Record<string, number>> = { b: 1, kb: 1_000, mb: 1e6, gb: 1e9, tb: 1e12 };

/** `2048`, `500kB`, `1.5MB` in bytes; units are powers of 1,000. Throws `cli.bad_size`. */
export function parseSize(text: string, option: string): number {
  const match = /^(\d+(?:\.\d+)?)\s?([kmgt]?b)?$/i.exec(text.trim());
  const bytes =
    match === null ? Number.NaN : Math.round(Number(match[1]) * UNITS_BYTES[(match[2] ?? 'b').toLowerCase()]!);
  if (bytes > 0 && Number.isSafeInteger(bytes)) return bytes;
  throw new CatenaError('cli.bad_size', `${option} is "${text}", which is not a size above zero`, {
    data: { option, text },
    remedy: 'write a number of bytes, or a number and a unit: 500kB, 20MB, 1GB',
  });
}
