/** The report as data: the report item, the run, and each call with what its answer says about each brand. */
import { callKey } from '../module/plan.ts';
import type { Comparison } from './compare.ts';
import { findingsByCall, type RunReport } from './run-report.ts';

export function reportJson(run: RunReport, history?: Comparison): string {
  const findings = findingsByCall(run.mentions);
  const rows = run.calls.map((call) => ({
    ...call,
    mentions: (findings.get(callKey(call.question, call.model, call.repeat)) ?? []).map(({ finding }) => finding),
  }));
  const value = {
    run_id: run.runId,
    accepted_at: new Date(run.acceptedAtMs).toISOString(),
    input: run.input,
    ...run.report,
    rows,
    ...(history === undefined ? {} : { history }),
  };
  return `${JSON.stringify(value, null, 2)}\n`;
}
