/** The process and its runtime as metrics, by the names that dashboards for Node know. */
import { readdirSync } from 'node:fs';
import { monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks';
import { METRICS } from './metric-names.ts';
import type { Metrics } from './metrics.ts';

export interface RuntimeMetricsOptions {
  readonly metrics: Metrics;
  /** The release of Catena. */
  readonly version: string;
  /** The name of the service. */
  readonly service: string;
  /** Over how long delays of the event loop are looked at; default 10 s. */
  readonly windowMs?: number;
}

const WINDOW_MS = 10_000;
/** The delay that is measured is that of a timer with this period. */
const RESOLUTION_MS = 10;
const MICROS = 1e6;
const NANOS = 1e9;
const MILLIS = 1e3;

/** Measures until the returned function is called; the process may end meanwhile. */
export function startRuntimeMetrics({
  metrics,
  version,
  service,
  windowMs = WINDOW_MS,
}: RuntimeMetricsOptions): () => void {
  metrics.gauge(METRICS.buildInfo).with({ version, node: process.version, service }).set(1);
  metrics
    .gauge(METRICS.processStartTimeSeconds)
    .with({})
    .set(Math.floor(performance.timeOrigin / MILLIS));
  metrics.counter(METRICS.processCpuSeconds).sample({}, () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / MICROS;
  });
  metrics.gauge(METRICS.processResidentMemoryBytes).sample({}, () => process.memoryUsage.rss());
  metrics.gauge(METRICS.processOpenFds).sample({}, openFiles);
  metrics.gauge(METRICS.heapUsedBytes).sample({}, () => process.memoryUsage().heapUsed);
  metrics.gauge(METRICS.heapTotalBytes).sample({}, () => process.memoryUsage().heapTotal);
  metrics.gauge(METRICS.externalMemoryBytes).sample({}, () => process.memoryUsage().external);
  const stopDelays = measureDelays(metrics, windowMs);
  const collections = metrics.counter(METRICS.gcSeconds).with({});
  const observer = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) collections.add(duration / MILLIS);
  });
  observer.observe({ entryTypes: ['gc'] });
  return () => {
    stopDelays();
    observer.disconnect();
  };
}

/** The figures are those of the last whole window, so that several readers see the same. */
function measureDelays(metrics: Metrics, windowMs: number): () => void {
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  const [median, high, longest] = [METRICS.loopLagP50Seconds, METRICS.loopLagP99Seconds, METRICS.loopLagMaxSeconds].map(
    (metric) => metrics.gauge(metric).with({}),
  );
  const seconds = (nanos: number) => Math.max(0, nanos / NANOS - RESOLUTION_MS / MILLIS);
  delays.enable();
  const timer = setInterval(() => {
    median!.set(seconds(delays.percentile(50)));
    high!.set(seconds(delays.percentile(99)));
    longest!.set(seconds(delays.max));
    delays.reset();
  }, windowMs).unref();
  return () => {
    clearInterval(timer);
    delays.disable();
  };
}

/** 0 where the system does not tell. */
function openFiles(): number {
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    return 0;
  }
}
