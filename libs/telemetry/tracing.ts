/**
 * Tracing of a process, over OTLP/HTTP. The SDK is loaded only if tracing is on, because loading it takes a quarter of a second.
 */

import { context, propagation, trace } from '@opentelemetry/api';
import { within } from '../concurrency/within.ts';
import type { Log } from './log.ts';
import { METRICS } from './metric-names.ts';
import type { Metrics } from './metrics.ts';
import { deliveryWatch } from './span-delivery.ts';
import { installTracer } from './spans.ts';
import { sampleRuns, TraceIds } from './trace-ids.ts';

export interface TracingOptions {
  /** The collector's OTLP base URL, such as `http://127.0.0.1:4318`; spans go to `v1/traces` below it. */
  readonly endpoint: string;
  readonly serviceName: string;
  /** The share of runs that are traced completely, from 0 to 1; failures are always kept. */
  readonly sampleRatio: number;
  readonly log: Log;
  readonly metrics: Metrics;
}

export interface Tracing {
  /** Sends the remaining spans, for a limited time, and ends tracing. Idempotent; never rejects. */
  stop(): Promise<void>;
}

/** The timeout of an export, also of the last one when the process ends. */
const EXPORT_TIMEOUT_MS = 3_000;
const EXPORT_INTERVAL_MS = 1_000;
const BATCH_SPANS = 512;
/** The most spans in memory; if the collector is too slow, further spans are dropped and counted. */
const MAX_WAITING_SPANS = 16_384;

/**
 * Starts tracing; only one per process at a time. If the collector does not answer, only spans are lost: they are counted, and
 * the first loss is logged.
 */
export async function startTracing({
  endpoint,
  serviceName,
  sampleRatio,
  log,
  metrics,
}: TracingOptions): Promise<Tracing> {
  const [{ NodeSDK }, { OTLPTraceExporter }, { BatchSpanProcessor }] = await Promise.all([
    import('@opentelemetry/sdk-node'),
    import('@opentelemetry/exporter-trace-otlp-proto'),
    import('@opentelemetry/sdk-trace'),
  ]);
  const watch = deliveryWatch({
    maxWaiting: MAX_WAITING_SPANS,
    lost: metrics.counter(METRICS.traceSpansLost).with({}),
    onFirstLoss: (error) => log.warn('spans could not be delivered; work goes on', { url: endpoint, error }),
  });
  const url = new URL('v1/traces', endpoint.endsWith('/') ? endpoint : `${endpoint}/`).href;
  const batches = new BatchSpanProcessor({
    exporter: watch.exporter(new OTLPTraceExporter({ url, timeoutMillis: EXPORT_TIMEOUT_MS })),
    maxQueueSize: MAX_WAITING_SPANS + BATCH_SPANS,
    maxExportBatchSize: BATCH_SPANS,
    scheduledDelayMillis: EXPORT_INTERVAL_MS,
    exportTimeoutMillis: EXPORT_TIMEOUT_MS,
  });
  const ids = new TraceIds();
  const sdk = new NodeSDK({
    serviceName,
    sampler: sampleRuns(sampleRatio),
    idGenerator: ids,
    spanProcessors: [watch.processor(batches)],
    // Only our own spans: instrumentation that the environment may enable in the SDK is left out.
    metricReaders: [],
    logRecordProcessors: [],
    instrumentations: [],
    autoDetectResources: false,
  });
  sdk.start();
  installTracer({ tracer: trace.getTracer('catena'), ids });
  let stopped: Promise<void> | undefined;
  return {
    stop: () => {
      stopped ??= stopTracing(sdk, log);
      return stopped;
    },
  };
}

async function stopTracing(sdk: { shutdown(): Promise<void> }, log: Log): Promise<void> {
  installTracer(undefined);
  try {
    await within(sdk.shutdown(), EXPORT_TIMEOUT_MS);
  } catch (error) {
    log.debug('tracing could not be shut down cleanly; spans may be lost', { error });
  } finally {
    trace.disable();
    context.disable();
    propagation.disable();
  }
}
