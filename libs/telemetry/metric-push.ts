/**
 * Pushes metrics over OTLP/HTTP, as they are scraped: the same registry, the same names. The exporter is loaded only if metrics are
 * pushed. A collector that does not answer loses nothing for good: counters are cumulative, so the next push has all.
 */
import type { HrTime } from '@opentelemetry/api';
import type { DataPoint, MetricData, ResourceMetrics } from '@opentelemetry/sdk-metrics';
import { periodically } from '../concurrency/periodic.ts';
import { within } from '../concurrency/within.ts';
import type { Log } from './log.ts';
import type { CollectedMetric, Metrics } from './metrics.ts';

export interface MetricPushOptions {
  /** The collector's OTLP base URL; metrics go to `v1/metrics` below it. */
  readonly endpoint: string;
  /** Attributes of the resource, `service.name` among them. */
  readonly resource: Readonly<Record<string, string>>;
  readonly intervalMs: number;
  readonly metrics: Pick<Metrics, 'collect'>;
  readonly log: Log;
}

export interface MetricPush {
  /** Pushes once more, for a limited time. Idempotent; never rejects. */
  stop(): Promise<void>;
}

const TIMEOUT_MS = 3_000;
const SUCCESS = 0;

/** Pushes at once, and repeats. The first push that fails is logged, and then the first after one that succeeded. */
export async function startMetricPush({
  endpoint,
  resource,
  intervalMs,
  metrics,
  log,
}: MetricPushOptions): Promise<MetricPush> {
  const [{ OTLPMetricExporter }, { resourceFromAttributes }, sdk] = await Promise.all([
    import('@opentelemetry/exporter-metrics-otlp-proto'),
    import('@opentelemetry/resources'),
    import('@opentelemetry/sdk-metrics'),
  ]);
  const { AggregationTemporality, DataPointType } = sdk;
  const url = new URL('v1/metrics', endpoint.endsWith('/') ? endpoint : `${endpoint}/`).href;
  const exporter = new OTLPMetricExporter({
    url,
    timeoutMillis: TIMEOUT_MS,
    temporalityPreference: AggregationTemporality.CUMULATIVE,
  });
  const origin = resourceFromAttributes(resource);
  const startTime = timeOf(performance.timeOrigin);
  const push = (): Promise<void> => {
    const endTime = timeOf(performance.timeOrigin + performance.now());
    const batch: ResourceMetrics = {
      resource: origin,
      scopeMetrics: [{ scope: { name: 'catena' }, metrics: metrics.collect().map((each) => toData(each, endTime)) }],
    };
    return new Promise((resolve, reject) => {
      exporter.export(batch, ({ code, error }) => {
        if (code === SUCCESS) resolve();
        else reject(error ?? new Error('the collector did not take the metrics'));
      });
    });
  };
  const stopping = new AbortController();
  let isFailing = false;
  periodically(
    async () => {
      await push();
      isFailing = false;
    },
    {
      signal: stopping.signal,
      intervalMs,
      onError: (error) => {
        if (!isFailing) log.warn('metrics could not be pushed; the next push has all', { url: endpoint, error });
        isFailing = true;
      },
    },
  );
  let stopped: Promise<void> | undefined;
  return { stop: () => (stopped ??= stop()) };

  async function stop(): Promise<void> {
    stopping.abort();
    await within(
      push().catch((error: unknown) => log.debug('the last metrics could not be pushed', { error })),
      TIMEOUT_MS,
    );
    await exporter.shutdown().catch(() => undefined);
  }

  function toData({ metric, series }: CollectedMetric, endTime: HrTime): MetricData {
    const { name, help, kind, buckets } = metric;
    const base = {
      descriptor: { name, description: help, unit: unitOf(name), valueType: 1 },
      aggregationTemporality: AggregationTemporality.CUMULATIVE,
    };
    const points = series.map(({ labels, value }) => ({ startTime, endTime, attributes: { ...labels }, value }));
    const numbers = points as DataPoint<number>[];
    if (kind === 'counter')
      return { ...base, dataPointType: DataPointType.SUM, dataPoints: numbers, isMonotonic: true };
    if (kind === 'gauge') return { ...base, dataPointType: DataPointType.GAUGE, dataPoints: numbers };
    const dataPoints = series.map(({ labels, value }) => {
      const { count, sum, counts } = value as { count: number; sum: number; counts: readonly number[] };
      const histogram = { buckets: { boundaries: [...buckets], counts: [...counts] }, sum, count };
      return { startTime, endTime, attributes: { ...labels }, value: histogram };
    });
    return { ...base, dataPointType: DataPointType.HISTOGRAM, dataPoints };
  }
}

/** Seconds and nanoseconds. */
function timeOf(unixMs: number): HrTime {
  const seconds = Math.floor(unixMs / 1_000);
  return [seconds, Math.floor((unixMs - seconds * 1_000) * 1e6)];
}

/** As UCUM spells it. */
function unitOf(name: string): string {
  if (/_seconds(_total)?$/.test(name)) return 's';
  if (name.endsWith('_bytes')) return 'By';
  return /_ms(_total)?$/.test(name) ? 'ms' : '1';
}
