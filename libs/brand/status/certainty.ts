/** How much of what was asked stands behind a body of the API: the same fields in all of them. */
import type { ReportItem } from '../module/items.ts';
import type { Certainty } from './bodies.ts';

/** Of a run with its report. A run writes one report, which is its last. */
export function certaintyOf({ coverage, total, plan }: Pick<ReportItem, 'coverage' | 'total' | 'plan'>): Certainty {
  const { whole, partial, failed } = coverage;
  const { calls, concurrency, expectedMs, availableMs, fits } = plan;
  return {
    ...{ partial: whole < total, coverage: { calls: total, whole, partial, failed }, revision: 1, final: true },
    plan: { calls, concurrency, expected_ms: expectedMs, available_ms: availableMs, fits },
  };
}

/** Of a run without a report: of its `planned` calls these have ended. `isEnded`: there will be no report. */
export function certaintySoFar(
  planned: number,
  calls: readonly { readonly status: 'whole' | 'partial' | 'failed' }[],
  isEnded: boolean,
): Certainty {
  const count = (status: 'whole' | 'partial' | 'failed'): number =>
    calls.filter((call) => call.status === status).length;
  const coverage = { calls: planned, whole: count('whole'), partial: count('partial'), failed: count('failed') };
  return { partial: coverage.whole < planned, coverage, revision: 0, final: isEnded, plan: null };
}
