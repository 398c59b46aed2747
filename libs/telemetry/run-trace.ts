/**
 * One run is one trace, and its ids follow from the run's id: whoever knows a run can find its trace, and a bell that is
 * rung after a crash, by a process that never heard of the run's beginning, joins it without anything having been kept.
 */
import { hash } from 'node:crypto';
import { type Context, ROOT_CONTEXT, type SpanContext, TraceFlags, trace } from '@opentelemetry/api';

/** The ids of a run's root span: the first 16 bytes of the SHA-256 of its id in hex, and the 8 bytes behind them. */
export function runTraceIds(runId: string): { readonly traceId: string; readonly spanId: string } {
  const digest = hash('sha256', runId, 'hex');
  return { traceId: digest.slice(0, 32), spanId: digest.slice(32, 48) };
}

/** A context whose spans are children of the run's root span, wherever that was made. */
export function runContext(runId: string): Context {
  const root: SpanContext = { ...runTraceIds(runId), traceFlags: TraceFlags.SAMPLED, isRemote: true };
  return trace.setSpanContext(ROOT_CONTEXT, root);
}
