/**
 * Budgets: what a run has spent and reserved, against its cost cap. An entry is a request, and each attempt at it has its price:
 *
 *     unknown ──reserve, if the cap allows──→ reserved ──settle, or the next attempt's reserve──→ spent
 *
 * Reserved money counts like spent money. A process that dies in between leaves a reservation, because the money may be gone.
 * When the request is attempted again, that reservation counts as spent.
 */
import { CatenaError } from '../errors/catena-error.ts';

/** Amounts are whole millionths of the currency that the modules of a deployment use. */
export const MICROS = 1_000_000;

export interface BudgetTotals {
  /** The cost of settled attempts, in millionths. */
  readonly spent: number;
  /** The reservations of attempts that are not settled, in millionths. */
  readonly reserved: number;
}

export interface Reservation {
  /** The budget: a run. */
  readonly scope: string;
  /** The item that is paid for: a request. */
  readonly entry: string;
  /** Without spaces, like the entry; a repeated attempt is the same payment and counts once. */
  readonly attempt: string;
  /** The most that it may cost, in millionths. */
  readonly amount: number;
  /** The cost cap of the scope, in millionths; undefined: no cap. */
  readonly cap: number | undefined;
}

export type BudgetAnswer = { readonly granted: true } | ({ readonly granted: false } & BudgetTotals);

/**
 * All methods are idempotent. They throw a retryable CatenaError when the state cannot be read; nothing may be sent then.
 */
export interface Budgets {
  /**
   * Reserves money, if spent and reserved money stay within the cap. A repeated attempt replaces its own reservation; a settled
   * attempt does not change. Whatever the answer, reservations of earlier attempts at the entry count as spent from then on.
   */
  reserve(reservation: Reservation): Promise<BudgetAnswer>;
  /**
   * Records the actual cost of an attempt; the last call counts. The cost may exceed the reservation. A scope without any
   * reservation, or a deleted one, stays unknown.
   */
  settle(payment: Omit<Reservation, 'cap'>): Promise<void>;
  /** Reads the totals; both are 0 for an unknown scope. */
  read(scope: string): Promise<BudgetTotals>;
  /** Deletes a scope when its run's retention is over. */
  forget(scope: string): Promise<void>;
}

/** Tolerance for floating-point rounding errors. */
const NOISE = 1e-6;

/** Converts an amount to millionths, rounded up. */
export function toMicros(amount: number): number {
  return Math.max(0, Math.ceil(amount * MICROS - NOISE));
}

/** Converts millionths to an amount. */
export function fromMicros(micros: number): number {
  return micros / MICROS;
}

/** The largest amount, a billion of the currency, so that sums are exact. */
const MAX_MICROS = MICROS * 1e9;

/** Whether an amount in the currency is valid: a number from 0 to a billion. */
export function isAmount(amount: unknown): amount is number {
  return typeof amount === 'number' && amount >= 0 && amount * MICROS <= MAX_MICROS;
}

/** Throws `budget.wrong_amount` unless the value is a whole number of millionths, from 0 to a billion of the currency. */
export function requireMicros(what: string, micros: number): number {
  if (Number.isInteger(micros) && micros >= 0 && micros <= MAX_MICROS) return micros;
  throw new CatenaError('budget.wrong_amount', `the ${what} of a budget is ${String(micros)}`, {
    data: { what, micros },
    remedy: 'give a whole number of millionths of the currency, at least 0',
  });
}
