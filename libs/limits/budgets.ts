/**
 * Budgets: what a run has spent and what it may yet come to, against the most that it may cost. An entry is a request, and
 * each attempt at it has its price:
 *
 *     unknown ──reserve, if the cap allows──→ reserved ──settle, or the next attempt's reserve──→ spent
 *
 * What is reserved counts like what is spent. Whoever dies in between leaves a reservation: the money may be gone. When the
 * request is attempted again, it is counted as spent.
 */
import { CatenaError } from '../errors/catena-error.ts';

/** Amounts are whole millionths of the currency in which the modules of a deployment count. */
export const MICROS = 1_000_000;

export interface BudgetTotals {
  /** Of entries that were settled, in millionths. */
  readonly spent: number;
  /** Of entries that were reserved and not settled: what they cost at most, in millionths. */
  readonly reserved: number;
}

export interface Reservation {
  /** Whose money it is: a run. */
  readonly scope: string;
  /** What is paid for: a request. */
  readonly entry: string;
  /** Without spaces, as the entry is; said again, it is the same payment and counts once. */
  readonly attempt: string;
  /** The most that it may cost, in millionths. */
  readonly amount: number;
  /** What the scope may cost altogether, in millionths; undefined: any amount. */
  readonly cap: number | undefined;
}

export type BudgetAnswer = { readonly granted: true } | ({ readonly granted: false } & BudgetTotals);

/**
 * All methods can be called again with the same effect as once. They throw a retryable CatenaError when the state does not
 * answer; nothing may be sent then.
 */
export interface Budgets {
  /**
   * Sets money aside, if spent and reserved stay within the cap with it. The same attempt again replaces its own
   * reservation; one that is settled stays as it is. Whatever the answer, what an earlier attempt at the entry had reserved
   * is spent from then on.
   */
  reserve(reservation: Reservation): Promise<BudgetAnswer>;
  /**
   * Says what an attempt has cost in truth; said again, the last amount holds. It may be more than was reserved. A scope in
   * which nothing was ever reserved, or that was forgotten, stays unknown.
   */
  settle(payment: Omit<Reservation, 'cap'>): Promise<void>;
  /** Both are 0 of a scope that is not known. */
  read(scope: string): Promise<BudgetTotals>;
  /** Lets go of a scope, once its run's retention is over. */
  forget(scope: string): Promise<void>;
}

/** Rounding errors of floating point are no money. */
const NOISE = 1e-6;

/** An amount as people write it, in millionths; a part of one counts as a whole one. */
export function toMicros(amount: number): number {
  return Math.max(0, Math.ceil(amount * MICROS - NOISE));
}

/** Millionths as people write them. */
export function fromMicros(micros: number): number {
  return micros / MICROS;
}

/** Amounts of which sums are exact: up to a billion of the currency. */
const MAX_MICROS = MICROS * 1e9;

/** Whether an amount may be asked for or paid, in the currency: a number from 0 to a billion. */
export function isAmount(amount: unknown): amount is number {
  return typeof amount === 'number' && amount >= 0 && amount * MICROS <= MAX_MICROS;
}

/** Throws `budget.wrong_amount` for what is no whole number of millionths from 0 to a billion of the currency. */
export function requireMicros(what: string, micros: number): number {
  if (Number.isInteger(micros) && micros >= 0 && micros <= MAX_MICROS) return micros;
  throw new CatenaError('budget.wrong_amount', `the ${what} of a budget is ${String(micros)}`, {
    data: { what, micros },
    remedy: 'give millionths of the currency as a whole number from 0 on',
  });
}
