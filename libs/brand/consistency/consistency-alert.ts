import { hostname } from 'node:os';
import type { Alert } from '../../telemetry/alerts/alert.ts';
import type { ConsistencyAlert } from './monitor.ts';

/** Turns a change of the grade into an alert: one key per host, resolved when the grade is `ok`. */
export function toAlert({ grade, ratio, checks, atMs }: ConsistencyAlert): Alert {
  const percent = Math.floor(ratio * 10_000) / 100;
  return {
    key: `consistency:${hostname()}`,
    grade: grade === 'ok' ? 'resolved' : grade,
    kind: 'consistency',
    summary: `${percent} % of the last ${checks} status responses were consistent`,
    atMs,
    details: { ratio_percent: percent, checks },
  };
}
