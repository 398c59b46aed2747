/**
 * Tracing of a process, over OTLP/HTTP. The SDK is loaded only if tracing is on, because loading it takes a quarter of a second.
 */

import { context, propagation, ROOT_CONTEXT, type Tracer, trace } from '@opentelemetry/api';
import { within } from '../concurrency/within.ts';
import { type FailedNode, type HeldSpan, HeldSpans } from './held-spans.ts';
import type { Log } from './log.ts';
import { METRICS } from './metric-names.ts';
import type { Metrics } from './metrics.ts';
import { deliveryWatch } from './span-delivery.ts';
import { KEPT_FOR } from './span-names.ts';
import { installTracer, keepFailedNode } from './spans.ts';
import { RunIdsInUse, TraceIds } from './trace-ids.ts';
import { TraceSizes } from './trace-sizes.ts';

export interface TracingOptions {
  /** The collector's OTLP base URL, such as `http://127.0.0.1:4318`; spans go to `v1/traces` below it. */
  readonly endpoint: string;
  /** Attributes of the resource, `service.name` among them: which process this is. */
  readonly resource: Readonly<Record<string, string>>;
  /** The share of runs that are traced completely, from 0 to 1; of others the failed nodes are. */
  readonly sampleRatio: number;
  /** A run with more nodes is split into several traces; default 1,000. */
  readonly nodesPerTrace?: number;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** Tells other processes which nodes failed here, so that they export their spans of these nodes. */
export type TellFailed = (failed: FailedNode) => void;

export interface Tracing {
  /** Whom it tells of nodes that failed here; default nobody. */
  tell(tell: TellFailed): void;
  /** Exports what this process holds of a node that failed in another one. */
  keep(failed: FailedNode): void;
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
  resource,
  sampleRatio,
  nodesPerTrace,
  log,
  metrics,
}: TracingOptions): Promise<Tracing> {
  const [{ NodeSDK }, { OTLPTraceExporter }, { BatchSpanProcessor }, { resourceFromAttributes }] = await Promise.all([
    import('@opentelemetry/sdk-node'),
    import('@opentelemetry/exporter-trace-otlp-proto'),
    import('@opentelemetry/sdk-trace'),
    import('@opentelemetry/resources'),
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
    resource: resourceFromAttributes(resource),
    sampler: { shouldSample: () => ids.shouldSample(), toString: () => `runs(${sampleRatio})` },
    idGenerator: ids,
    spanProcessors: [watch.processor(batches)],
    // Only our own spans: instrumentation that the environment may enable in the SDK is left out.
    metricReaders: [],
    logRecordProcessors: [],
    instrumentations: [],
    autoDetectResources: false,
  });
  sdk.start();
  const tracer = trace.getTracer('catena');
  let tellFailed: TellFailed = () => {};
  const held = new HeldSpans({
    exportSpan: (span) => exportHeld(tracer, ids, span),
    onFailed: (failed) => tellFailed(failed),
    monotonic: () => performance.now(),
  });
  const sizes = new TraceSizes(nodesPerTrace);
  installTracer({ tracer, ids, runIds: new RunIdsInUse(), held, sizes, ratio: sampleRatio });
  let stopped: Promise<void> | undefined;
  return {
    tell: (tell) => {
      tellFailed = tell;
    },
    keep: keepFailedNode,
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

/** Makes a span of the SDK of one that was held: with its ids, its times and all that it says. */
function exportHeld(tracer: Tracer, ids: TraceIds, span: HeldSpan): void {
  const { kind, parent, links } = span.given;
  const { traceId, spanId, traceState } = span.spanContext();
  const attributes = { ...span.attributes, [KEPT_FOR]: 'failure' };
  const below = parent === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, parent);
  const exported = ids.given({ traceId, spanId, traceState }, () =>
    tracer.startSpan(span.name, { kind, attributes, links: [...links], startTime: span.startMs }, below),
  );
  if (span.exception !== undefined) exported.recordException(span.exception, span.endMs);
  exported.setStatus(span.status);
  exported.end(span.endMs);
}
