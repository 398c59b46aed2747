/**
 * Carries a trace through messages' headers, calls' metadata and rows. The carrier has
 * `traceparent` and `tracestate` as W3C's Trace Context names them, in lower case, and nothing else.
 */
import { context, propagation, ROOT_CONTEXT, trace } from '@opentelemetry/api';

/** Trace headers as they are written. */
export type TraceCarrier = Readonly<Record<string, string>>;

const NOTHING: TraceCarrier = Object.freeze({});

/** The headers that make the receiver's spans children of the active span; always the same empty object without one. */
export function injectTrace(): TraceCarrier {
  const active = context.active();
  if (trace.getSpanContext(active) === undefined) return NOTHING;
  const carrier: Record<string, string> = {};
  propagation.inject(active, carrier);
  return carrier;
}

/**
 * Calls `work` under the trace that a sender injected. Without such a trace, with an unreadable one, or with tracing off, it is
 * a plain call. Other entries of the carrier are ignored, so all headers of a message can be passed.
 */
export function withExtractedTrace<T>(carrier: Readonly<Record<string, string | undefined>>, work: () => T): T {
  if (carrier.traceparent === undefined) return work();
  const remote = propagation.extract(ROOT_CONTEXT, carrier);
  return remote === ROOT_CONTEXT ? work() : context.with(remote, work);
}
