/**
 * How much of what was asked stands behind a body of the API, and whether another report may come: the only place that reads a report's
 * `revision` and `final`.
 */

import type { RunRecord } from '../../store/port.ts';
import type { ReportItem } from '../module/items.ts';
import type { Certainty } from './bodies.ts';

/** The number of a run's newest report, before there is one. */
export const NO_REVISION = 0;
/** The first report of a run, and the only one of a run of an older version. */
const FIRST_REVISION = 1;

/** A report as it stands; one of an older version has neither number nor flag, and was the only one of its run. */
type StandingReport = Partial<Pick<ReportItem, 'revision' | 'final'>>;

export function revisionOf(report: StandingReport | undefined): number {
  return report === undefined ? NO_REVISION : (report.revision ?? FIRST_REVISION);
}

/** Whether the report is the first of its run: it has replaced none. */
export function isFirst(report: StandingReport): boolean {
  return revisionOf(report) === FIRST_REVISION;
}

/** Whether the report itself is preliminary: calls were under way when it was made. */
export function isPreliminary({ final }: StandingReport): boolean {
  return final === false;
}

/** Whether no other report can come: the last one stands, or the run ended before it. */
export function isLast(report: StandingReport, { state }: Pick<RunRecord, 'state'>): boolean {
  return !isPreliminary(report) || state === 'closed';
}

/** Of a run with its report. */
export function certaintyOf(
  report: Pick<ReportItem, 'coverage' | 'total' | 'plan'> & StandingReport,
  record: Pick<RunRecord, 'state'>,
): Certainty {
  const { coverage, total, plan } = report;
  const { whole, partial, failed, pending = 0 } = coverage as Partial<typeof coverage> & typeof coverage;
  const { calls, concurrency, expectedMs, availableMs, fits } = plan;
  return {
    ...{ partial: whole < total, coverage: { calls: total, whole, partial, failed, pending } },
    ...{ revision: revisionOf(report), final: isLast(report, record) },
    plan: { calls, concurrency, expected_ms: expectedMs, available_ms: availableMs, fits },
  };
}

/** Of a run without a report: of its `planned` calls these have ended. `isEnded`: there will be no report. */
export function certaintySoFar(
  planned: number,
  calls: readonly { readonly status: keyof ReportItem['coverage'] }[],
  isEnded: boolean,
): Certainty {
  const count = (status: keyof ReportItem['coverage']): number => calls.filter((call) => call.status === status).length;
  const counts = { whole: count('whole'), partial: count('partial'), failed: count('failed') };
  // Of a run that has ended nothing is under way: what is missing has failed with it.
  const pending = isEnded ? 0 : Math.max(0, planned - counts.whole - counts.partial - counts.failed);
  const coverage = { calls: planned, ...counts, pending };
  return { partial: coverage.whole < planned, coverage, revision: NO_REVISION, final: isEnded, plan: null };
}
