/** Builds the bodies with the status of a diagnosis. */
import type { RunRecord } from '../../store/port.ts';
import { brandsOf } from '../module/input.ts';
import type { CallItem } from '../module/items.ts';
import { resultOf } from '../module/report.ts';
import type {
  CallResult,
  Certainty,
  DetailedResult,
  HistoryBody,
  HistoryEntry,
  StatusBody,
  TestProgressBody,
} from './bodies.ts';
import { certaintyOf, certaintySoFar } from './certainty.ts';
import { type DiagnosisItems, inputOf, plannedCount } from './diagnosis-items.ts';
import type { DiagnosisStatus } from './diagnosis-status.ts';
import { isFinal } from './stages.ts';

export interface StatusFacts {
  readonly record: RunRecord;
  readonly status: DiagnosisStatus;
  readonly items: DiagnosisItems;
}

/** The legacy API's rank for a brand that is not mentioned. */
const NOT_MENTIONED = -1;

/** A part of the results. */
export interface ResultsPage {
  readonly offset: number;
  readonly limit: number;
}

const ALL_RESULTS: ResultsPage = { offset: 0, limit: Number.POSITIVE_INFINITY };

/** `GET /test/status/{task_id}`: everything about a run so far. */
export function statusBody(
  { record, status, items }: StatusFacts,
  { offset, limit }: ResultsPage = ALL_RESULTS,
): StatusBody {
  const ended = endedCalls(items);
  const shown = ended.slice(offset, offset + limit);
  return {
    task_id: record.runId,
    ...stateOf(status),
    ...certaintyAt({ record, status, items }),
    created_at: isoTime(record.acceptedAtMs),
    failed_stage: status.failedStage,
    last_progress: status.lastProgress,
    error: status.error,
    results_count: ended.length,
    results: shown.map(toResult),
    detailed_results: shown.map(toDetailedResult),
  };
}

/** `GET /api/test-progress`: the same without the results, and whether the stored results agree with the stage. */
export function testProgress({ record, status, items }: StatusFacts): TestProgressBody {
  const results_count = endedCalls(items).length;
  const expected_count = expectedCount({ record, status, items });
  const { stage } = status;
  const isWhole = results_count === expected_count && items.report?.total === expected_count;
  const isPending = !status.isLast && results_count <= expected_count;
  // A failed run needs no results, and a preliminary report lacks some; there must never be more results than calls.
  const isSynced = stage === 'completed' && status.isLast ? isWhole : results_count <= expected_count;
  const certainty = certaintyAt({ record, status, items });
  return {
    execution_id: record.runId,
    ...stateOf(status),
    ...certainty,
    is_synced: isSynced,
    sync_check: {
      status: isPending ? 'pending' : isSynced ? 'synced' : 'mismatch',
      results_count,
      expected_count,
      completion_verified:
        isWhole && status.isLast && items.report?.success === true && certainty.coverage.partial === 0,
    },
  };
}

/** One line of a user's history. */
export function historyEntry(
  record: RunRecord,
  { status, progress, isPartial, isLast }: DiagnosisStatus,
): HistoryEntry {
  const input = inputOf(record);
  return {
    execution_id: record.runId,
    brand_name: (input === undefined ? undefined : brandsOf(input)[0]?.name) ?? '',
    created_at: isoTime(record.acceptedAtMs),
    status,
    progress,
    partial: isPartial,
    final: isLast,
  };
}

/** `GET /api/test-history`: lines in the order in which they are given. */
export function historyBody(history: readonly HistoryEntry[]): HistoryBody {
  return { status: 'success', history: [...history], count: history.length };
}

function stateOf({ stage, status, progress }: DiagnosisStatus) {
  return { stage, status, progress, is_completed: isFinal(stage) };
}

/** The planned calls, and the further ones that the first answers asked for: of these, those that are known. */
function expectedCount({ record, items }: StatusFacts): number {
  const input = inputOf(record);
  const planned = plannedCount(input);
  if (input?.until === undefined) return planned;
  return Math.max(planned, items.calls.length, items.report?.total ?? 0);
}

function certaintyAt({ record, status, items }: StatusFacts): Certainty {
  if (items.report !== undefined) return certaintyOf(items.report, record);
  return certaintySoFar(expectedCount({ record, status, items }), items.calls, isFinal(status.stage));
}

/** Those that have said something or failed. */
function endedCalls({ calls }: DiagnosisItems): CallItem[] {
  return calls.filter(({ status }) => status !== 'pending');
}

function toResult(call: CallItem): CallResult {
  return { ...resultOf(call), data: legacyGeoData(call.geo_data) };
}

function toDetailedResult(call: CallItem): DetailedResult {
  const { brand, question, model, repeat, response, geo_data, error, timestamp } = call;
  return { brand, question, model, repeat, response, geo_data: legacyGeoData(geo_data), error, timestamp };
}

function legacyGeoData(data: CallItem['geo_data']): CallResult['data'] {
  if (data === null) return null;
  return { ...data, rank: data.brand_mentioned === false ? NOT_MENTIONED : data.rank };
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
