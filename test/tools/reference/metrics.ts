/** `docs/reference/metrics.md`, of the metrics as they are defined. */
import { METRICS, type MetricDefinition } from '../../../libs/telemetry/metric-names.ts';
import { code, pageHead, table } from './markdown.ts';

const INTRODUCTION = `
Each process serves its own metrics at \`/metrics\` of the address that [\`metrics.listen\`](configuration.md) names, in Prometheus'
text format, and pushes them over OTLP if [\`metrics.push_interval_ms\`](configuration.md) says so. Sum counters over the processes of a
deployment. Of a gauge that says "of the whole deployment" take the maximum: several processes read the same. A label has few values, never an id, a URL or a host. A metric without
labels is present from the start, with 0; one with labels appears with its first value.
`;

export function metricsPage(): string {
  const metrics = Object.values<MetricDefinition>(METRICS).sort((a, b) => compare(a.name, b.name));
  const rows = metrics.map(({ name, kind, labels, help }) => [
    code(name),
    kind,
    labels.map(code).join(', '),
    unitOf(name),
    help,
  ]);
  const [buckets] = metrics.filter(({ kind }) => kind === 'histogram').map((metric) => metric.buckets.join(', '));
  return `${pageHead('Metrics', 'libs/telemetry/metric-names.ts')}${INTRODUCTION}
${table(['name', 'kind', 'labels', 'unit', 'meaning'], rows)}

A histogram gives \`_bucket\`, \`_sum\` and \`_count\`; its buckets end at ${buckets} milliseconds and at infinity.
`;
}

/** Names end in their unit; what has none is counted. */
function unitOf(name: string): string {
  if (/_seconds(_total)?$/.test(name)) return 'seconds';
  if (name.endsWith('_bytes')) return 'bytes';
  return /_ms(_total)?$/.test(name) ? 'milliseconds' : 'count';
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
