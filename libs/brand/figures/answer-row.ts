/** A call of a run and what was read from its answer: all that figures are made of. */
import type { AnswerFindings } from '../extraction/extract-answer.ts';

export interface AnswerRow {
  readonly question: string;
  readonly model: string;
  /** Whether the question names the brand: then being mentioned says nothing, and the figures stand apart. */
  readonly branded: boolean;
  readonly repeat: number;
  /** `partial`: cut off, with the text that had arrived. `failed`: no answer; coverage, never a zero. */
  readonly status: 'whole' | 'partial' | 'failed';
  /** Null when the call failed. The brands stand in the same order in every row. */
  readonly findings: AnswerFindings | null;
}

/** A row whose call was answered. */
export interface AnsweredRow extends AnswerRow {
  readonly findings: AnswerFindings;
}

/** The rows that have an answer. */
export function answered(rows: readonly AnswerRow[]): AnsweredRow[] {
  return rows.flatMap((row) =>
    row.findings === null || row.status === 'failed' ? [] : [{ ...row, findings: row.findings }],
  );
}
