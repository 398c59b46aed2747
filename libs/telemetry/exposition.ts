/** Prometheus' text format, version 0.0.4. */

type Labels = Readonly<Record<string, string>>;

interface HistogramState {
  readonly bounds: readonly number[];
  /** Counts per bucket, not cumulated; one more than there are bounds. */
  readonly counts: readonly number[];
  readonly count: number;
  readonly sum: number;
}

/** The lines that precede a metric's samples. */
export function metricHeader(name: string, kind: string, help: string): string {
  return `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n# TYPE ${name} ${kind}\n`;
}

/** One sample. */
export function sampleLine(name: string, labels: Labels, value: number): string {
  const pairs = Object.entries(labels).map(([label, content]) => `${label}="${escapeLabel(content)}"`);
  return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${numberText(value)}\n`;
}

/** A histogram's samples: cumulated buckets, sum and count. */
export function histogramSamples(name: string, labels: Labels, { bounds, counts, count, sum }: HistogramState): string {
  let samples = '';
  let below = 0;
  for (const [index, bucket] of counts.entries()) {
    below += bucket;
    const bound = bounds[index] ?? Number.POSITIVE_INFINITY;
    samples += sampleLine(`${name}_bucket`, { ...labels, le: numberText(bound) }, below);
  }
  return samples + sampleLine(`${name}_sum`, labels, sum) + sampleLine(`${name}_count`, labels, count);
}

function escapeLabel(content: string): string {
  return content.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

function numberText(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
}
