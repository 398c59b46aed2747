/**
 * Finds where and why a diagnosis failed, from its items, so that the result is the same after its nodes were deleted.
 * The failed stage is the first that did not produce the input of the next one.
 */
import type { RunRecord } from '../../store/port.ts';
import type { CallItem } from '../module/items.ts';
import { failureOf as failureOfReport } from '../module/report.ts';
import { type DiagnosisItems, inputOf, plannedCount } from './diagnosis-items.ts';
import { type FailingStage, PROGRESS } from './stages.ts';

export interface DiagnosisFailure {
  readonly failedStage: FailingStage;
  /** Whole percent. */
  readonly lastProgress: number;
  readonly error: string;
}

export function failureOf(record: RunRecord, items: DiagnosisItems): DiagnosisFailure {
  return { ...failedStageOf(record, items), error: reasonOf(record, items) };
}

function failedStageOf(
  record: RunRecord,
  { calls, hasFigures, report }: DiagnosisItems,
): Pick<DiagnosisFailure, 'failedStage' | 'lastProgress'> {
  const { ai_fetching, ranking_analysis, source_tracing } = PROGRESS;
  if (report !== undefined) return { failedStage: 'ai_fetching', lastProgress: ai_fetching.to };
  const isAnswered = calls.some(({ status }) => status === 'whole' || status === 'partial');
  if (hasFigures && isAnswered) return { failedStage: 'source_tracing', lastProgress: source_tracing.from };
  if (hasFigures) return { failedStage: 'ai_fetching', lastProgress: ai_fetching.to };
  if (calls.length === 0 && record.end?.done === 0) {
    return { failedStage: 'init', lastProgress: PROGRESS.init.from };
  }
  const planned = plannedCount(inputOf(record));
  if (calls.length < planned) {
    const steps = Math.floor((ai_fetching.to - ai_fetching.from) * (calls.length / planned));
    return { failedStage: 'ai_fetching', lastProgress: ai_fetching.from + steps };
  }
  if (!isAnswered) return { failedStage: 'ai_fetching', lastProgress: ai_fetching.to };
  return { failedStage: 'ranking_analysis', lastProgress: ranking_analysis.from };
}

function reasonOf({ end }: RunRecord, { calls, report }: DiagnosisItems): string {
  const failure = report === undefined ? undefined : failureOfReport(report);
  if (failure !== undefined) return failure;
  const detail = end === undefined || end.detail === '' || end.detail === end.finishReason ? '' : `: ${end.detail}`;
  const errors = calls.flatMap(({ error }) => (error === null ? [] : [error]));
  switch (end?.finishReason) {
    case 'rejected':
      return end.detail === '' ? 'the task was rejected' : end.detail;
    case 'cancelled':
      return `the run was cancelled before its report was there${detail}`;
    case 'terminated':
      return `the run was ended because too much of it failed${detail}${kindsOf(errors)}`;
    case 'deadline':
      return `the time of the run was over before its report was there${kindsOf(errors)}`;
    default:
      return `the run ended without a report${detail}${kindsOf(errors)}`;
  }
}

/** ` (timeout 3, network 1)`, the most frequent first. */
function kindsOf(errors: readonly NonNullable<CallItem['error']>[]): string {
  const kinds = [...Map.groupBy(errors, ({ error_type }) => error_type)].map(
    ([type, each]) => [type, each.length] as const,
  );
  if (kinds.length === 0) return '';
  kinds.sort(([, a], [, b]) => b - a);
  return ` (${kinds.map(([type, count]) => `${type} ${count}`).join(', ')})`;
}
