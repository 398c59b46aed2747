/**
 * Spans of the stages. Without a tracer they cost one comparison: callers check {@link isTracing} before they build
 * anything for a span.
 */
import {
  type Attributes,
  type Context,
  context,
  type Link,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { ERROR_CODE, SPANS, type SpanName } from './span-names.ts';
import { runContext, runTraceIds, type TraceIds } from './trace-ids.ts';

export type SpanFields = Attributes;
/** A position in a trace; opaque to callers. */
export type TraceContext = Context;

export interface InstalledTracer {
  readonly tracer: Tracer;
  readonly ids: TraceIds;
}

export interface NewSpan {
  readonly name: SpanName;
  /** Its run; undefined if the message names none. */
  readonly runId: string | undefined;
  readonly fields: SpanFields;
  /** Whether a message caused it, and not a call in this process. */
  readonly isConsumer: boolean;
}

let installed: InstalledTracer | undefined;

/** Installs the tracer that receives spans; undefined removes it. */
export function installTracer(tracer: InstalledTracer | undefined): void {
  installed = tracer;
}

export function isTracing(): boolean {
  return installed !== undefined;
}

/** The trace of the caller; for logs. */
export function activeTraceId(): string | undefined {
  return installed === undefined ? undefined : trace.getSpanContext(context.active())?.traceId;
}

/** The context of the caller, to be used elsewhere in this process. */
export function captureContext(): TraceContext {
  return context.active();
}

/** Calls `work` in a captured context; if that is undefined, in none, whatever the caller's is. */
export function withContext<T>(captured: TraceContext | undefined, work: () => T): T {
  return context.with(captured ?? ROOT_CONTEXT, work);
}

/**
 * Calls `work` in a span of the run's trace: a child of the span that caused it, if that is known, else of the run's root.
 * A cause in another trace (a client's) is linked. If `work` throws, the span ends as an error.
 */
export async function inSpan<T>(options: NewSpan, work: () => Promise<T>): Promise<T> {
  if (installed === undefined) return work();
  const { name, runId, fields, isConsumer } = options;
  const { parent, links } = placeOf(runId);
  const kind = isConsumer ? SpanKind.CONSUMER : SpanKind.INTERNAL;
  const span = installed.tracer.startSpan(name, { kind, attributes: fields, links }, parent);
  try {
    return await context.with(trace.setSpan(parent, span), work);
  } catch (thrown) {
    markFailed(span, codeOf(thrown), messageOf(thrown));
    throw thrown;
  } finally {
    span.end();
  }
}

/** Writes the root span of a run's trace. Its ids follow from the run's id, so writing it again adds no second span. */
export function writeRunSpan(runId: string, acceptedAtMs: number, fields: SpanFields): void {
  if (installed === undefined) return;
  const { tracer, ids } = installed;
  const { links } = placeOf(runId);
  const options = { root: true, kind: SpanKind.PRODUCER, startTime: acceptedAtMs, attributes: fields, links };
  ids.fixed(runTraceIds(runId), () => tracer.startSpan(SPANS.submit, options)).end();
}

/** Adds attributes to the caller's span. */
export function noteOnSpan(fields: SpanFields): void {
  trace.getSpan(context.active())?.setAttributes(fields);
}

/** Marks the caller's span as an error. For a run that is not sampled, only this is kept. */
export function failSpan(code: string, message: string, fields: SpanFields): void {
  const span = trace.getSpan(context.active());
  if (installed === undefined || span === undefined) return;
  if (span.isRecording()) {
    span.setAttributes(fields);
    markFailed(span, code, message);
    return;
  }
  const kept = installed.tracer.startSpan(SPANS.failure, { attributes: { ...fields, [ERROR_CODE]: code } });
  markFailed(kept, code, message);
  kept.end();
}

function placeOf(runId: string | undefined): { readonly parent: Context; readonly links: Link[] } {
  const active = context.active();
  const cause = trace.getSpanContext(active);
  if (runId === undefined) return { parent: active, links: [] };
  if (cause === undefined) return { parent: runContext(runId), links: [] };
  if (cause.traceId === runTraceIds(runId).traceId) return { parent: active, links: [] };
  return { parent: runContext(runId), links: [{ context: cause }] };
}

function markFailed(span: Span, code: string, message: string): void {
  span.setAttribute(ERROR_CODE, code);
  span.recordException({ name: code, message });
  span.setStatus({ code: SpanStatusCode.ERROR, message });
}

function codeOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return 'unknown';
  const { code } = thrown as { readonly code?: unknown };
  return typeof code === 'string' ? code : thrown.name;
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
