/** How many calls were answered, and how many of them in full. */
import type { AnswerRow } from './answer-row.ts';
import { type Figure, rate } from './figure.ts';

export interface Coverage {
  readonly calls: number;
  readonly whole: number;
  readonly partial: number;
  readonly failed: number;
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
  return { calls: rows.length, whole, partial, failed: count('failed'), answered: answers };
}

/** The share of calls that were answered in full; 1 without calls. */
export function wholeShare({ whole, partial, failed }: Pick<Coverage, 'whole' | 'partial' | 'failed'>): number {
  const calls = whole + partial + failed;
  return calls === 0 ? 1 : whole / calls;
}
