/** How many calls were answered, and how many of them in full. */
import type { AnswerRow } from './answer-row.ts';
import { type Figure, rate } from './figure.ts';

export interface Coverage {
  readonly calls: number;
  readonly whole: number;
  readonly partial: number;
  readonly failed: number;
  /** Under way without a word yet. */
  readonly pending: number;
  /** Answered calls out of all. */
  readonly answered: Figure;
}

/** With a smaller share of whole answers than this, a report begins by saying so. */
export const GOOD_COVERAGE = 0.8;

export function coverageOf(rows: readonly Pick<AnswerRow, 'status'>[]): Coverage {
  const count = (status: AnswerRow['status']): number => rows.filter((row) => row.status === status).length;
  const whole = count('whole');
  const partial = count('partial');
  const answers = rate(whole + partial, rows.length);
  return { calls: rows.length, whole, partial, failed: count('failed'), pending: count('pending'), answered: answers };
}

/** How many calls there are of each kind; reports of older versions know none that is pending. */
export type CallCounts = Pick<Coverage, 'whole' | 'partial' | 'failed'> & { readonly pending?: number };

/** The kinds that a table of calls shows: pending ones only where there are some. */
export function statusesOf({ pending = 0 }: { readonly pending?: number }): readonly AnswerRow['status'][] {
  return pending > 0 ? ['whole', 'partial', 'failed', 'pending'] : ['whole', 'partial', 'failed'];
}

export function callsOf({ whole, partial, failed, pending = 0 }: CallCounts): number {
  return whole + partial + failed + pending;
}

/** The calls on which figures rest: those that were answered, and those that are under way, of which all is unknown yet. */
export function countedCalls({ whole, partial, pending = 0 }: CallCounts): number {
  return whole + partial + pending;
}

/** The share of calls that were answered in full; 1 without calls. */
export function wholeShare(coverage: CallCounts): number {
  const calls = callsOf(coverage);
  return calls === 0 ? 1 : coverage.whole / calls;
}
