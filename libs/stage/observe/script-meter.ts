import { codeName } from '../../coordination/protocol/outcome.ts';
import { TRANSITIONS } from '../../coordination/protocol/port.ts';
import { METRICS } from '../../telemetry/metric-names.ts';
import type { Counter, Histogram, Metrics } from '../../telemetry/metrics.ts';

/** Names of codes by script, where the number alone says little. */
const TABLES: ReadonlyMap<string, Readonly<Record<string, number>>> = new Map(Object.values(TRANSITIONS));

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
      counter = answers.with({ script, code: codeName(TABLES.get(script) ?? {}, code) });
      series.codes.set(code, counter);
    }
    counter.add();
  };
}
