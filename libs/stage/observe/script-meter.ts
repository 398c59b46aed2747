import * as codes from '../../coordination/protocol/codes.ts';
import { METRICS } from '../../telemetry/metric-names.ts';
import type { Counter, Histogram, Metrics } from '../../telemetry/metrics.ts';

/** Names of codes by script, where the number alone says little. */
const TABLES: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  run_open: codes.RunOpenCode,
  ptm_claim: codes.ClaimCode,
  ptm_renew: codes.RenewCode,
  ptm_release: codes.ReleaseCode,
  ptm_commit_success: codes.CommitCode,
  ptm_commit_error: codes.CommitErrorCode,
  ptm_recover_zombie: codes.RecoverCode,
  ptm_reorder_enqueue: codes.ReorderCode,
  ptm_replay: codes.ReplayCode,
  etm_threshold_decide: codes.DecideCode,
  etm_retry_schedule: codes.RetryCode,
  etm_terminate_mark: codes.TerminateCode,
  children_stage: codes.StageCode,
  children_pump: codes.PumpCode,
  scope_drain: codes.DrainCode,
  run_control: codes.ControlCode,
  phase_close: codes.PhaseCloseCode,
  run_settle: codes.SettleCode,
};

interface ScriptSeries {
  readonly latency: Histogram;
  readonly codes: Map<number, Counter>;
}

/** Counts what scripts answer and how long they take; a series is looked up once. */
export function scriptMeter(metrics: Metrics): (script: string, code: number, durationMs: number) => void {
  const latency = metrics.histogram(METRICS.scriptLatencyMs);
  const answers = metrics.counter(METRICS.scriptCode);
  const known = new Map<string, ScriptSeries>();
  return (script, code, durationMs) => {
    let series = known.get(script);
    if (series === undefined) {
      series = { latency: latency.with({ script }), codes: new Map() };
      known.set(script, series);
    }
    series.latency.observe(durationMs);
    let counter = series.codes.get(code);
    if (counter === undefined) {
      counter = answers.with({ script, code: codes.codeName(TABLES[script] ?? {}, code) });
      series.codes.set(code, counter);
    }
    counter.add();
  };
}
