/** A call of a run with the findings of its answer: the data for all figures. */
import type { AnswerFindings } from '../extraction/extract-answer.ts';

export interface AnswerRow {
  readonly question: string;
  readonly model: string;
  /** Whether the question names the brand: then a mention means nothing, and its figures are separate. */
  readonly branded: boolean;
  readonly repeat: number;
  /**
   * `partial`: cut off, with the text that had arrived. `failed`: no answer; coverage, never a zero. `pending`: under way without a
   * word yet; it will say something, which is all unknown.
   */
  readonly status: 'whole' | 'partial' | 'failed' | 'pending';
  /** Null if the call failed; of a pending one, those of an empty text. The brands have the same order in every row. */
  readonly findings: AnswerFindings | null;
}

/** A row whose call was answered, or will be. */
export interface AnsweredRow extends AnswerRow {
  readonly findings: AnswerFindings;
}

/** The rows that have an answer, or will have one. */
export function answered(rows: readonly AnswerRow[]): AnsweredRow[] {
  return rows.flatMap((row) =>
    row.findings === null || row.status === 'failed' ? [] : [{ ...row, findings: row.findings }],
  );
}
