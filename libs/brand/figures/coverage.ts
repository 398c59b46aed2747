/** The share of calls that were answered. */
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

export function coverageOf(rows: readonly AnswerRow[]): Coverage {
  const count = (status: AnswerRow['status']): number => rows.filter((row) => row.status === status).length;
  const whole = count('whole');
  const partial = count('partial');
  const answers = rate(whole + partial, rows.length);
  return { calls: rows.length, whole, partial, failed: count('failed'), answered: answers };
}
