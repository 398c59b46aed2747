/**
 * Tracing of a process, over OTLP/HTTP. The SDK is loaded only when it is asked for: it costs a quarter of a second, and
 * nobody who traces nothing should pay that.
 */

import { context, propagation, trace } from '@opentelemetry/api';
import { within } from '../concurrency/within.ts';
import type { Log } from './log.ts';
import { METRICS } from './metric-names.ts';
import type { Metrics } from './metrics.ts';
import { deliveryWatch } from './span-delivery.ts';
import { installTracer } from './spans.ts';
import { keepRunsWhole, TraceIds } from './trace-ids.ts';

export interface TracingOptions {
  /** The collector's OTLP base URL, such as `http://127.0.0.1:4318`; spans go to `v1/traces` below it. */
  readonly endpoint: string;
  readonly serviceName: string;
  /** The share of runs that are traced, each as a whole, from 0 to 1; failures are kept in any case. */
  readonly sampleRatio: number;
  readonly log: Log;
  readonly metrics: Metrics;
}

export interface Tracing {
  /** Sends what is left, for a bounded time, and ends tracing. Idempotent; never rejects. */
  stop(): Promise<void>;
}

/** An export that takes longer is given up, and so is the last one when the process ends. */
const EXPORT_TIMEOUT_MS = 3_000;
const EXPORT_INTERVAL_MS = 1_000;
const BATCH_SPANS = 512;
/** Spans in memory; when the collector is slower than this the rest is dropped, and counted. */
const MAX_WAITING_SPANS = 16_384;

/**
 * Starts to trace; one tracing per process at a time. A collector that does not answer costs its spans and nothing else:
 * they are counted, and the first loss is logged.
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
    sampler: keepRunsWhole(sampleRatio),
    idGenerator: ids,
    spanProcessors: [watch.processor(batches)],
    // Nothing but our own spans: what the environment may ask the SDK for is left out.
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
    log.debug('tracing did not end well', { error });
  } finally {
    trace.disable();
    context.disable();
    propagation.disable();
  }
}
