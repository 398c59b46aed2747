/**
 * Spans: what each stage does, and the calls that it makes. Without a tracer they cost one comparison: callers check
 * {@link isTracing} before they build anything for a span. Spans of runs that are sampled go to the SDK; those of others are held, and
 * exported when their node fails ({@link HeldSpans}).
 */
import {
  type Attributes,
  type Context,
  context,
  createContextKey,
  type Link,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { type FailedNode, HeldSpan, type HeldSpans, nowMs } from './held-spans.ts';
import { redactQuery } from './redact-query.ts';
import { ERROR_CODE } from './span-names.ts';
import { NO_NODE, originOf, SpanOrigin } from './span-origin.ts';
import { isSampledRun, nodeTraceId, type RunIdsInUse, randomHex, runRoot, type TraceIds } from './trace-ids.ts';
import type { TraceSizes } from './trace-sizes.ts';

export type SpanFields = Attributes;
/** A position in a trace; opaque to callers. */
export type TraceContext = Context;

export interface InstalledTracer {
  readonly tracer: Tracer;
  readonly ids: TraceIds;
  readonly runIds: RunIdsInUse;
  readonly held: HeldSpans;
  readonly sizes: TraceSizes;
  /** The share of runs, and of calls that belong to no run, that are traced completely. */
  readonly ratio: number;
}

/** `consumer`: a message caused it. `server`: a call from another process did. */
export type SpanCause = 'internal' | 'consumer' | 'server';

export interface NewSpan {
  readonly name: string;
  /** Its run; undefined if it belongs to none. */
  readonly runId: string | undefined;
  /** The node that it works on, if that is known when it begins. */
  readonly node?: { readonly id: string; readonly isHop: boolean } | undefined;
  readonly fields: SpanFields;
  readonly cause: SpanCause;
  /** Whether it is exported with its node's failure, because it decides about one. */
  readonly isOfFailure?: boolean;
  /** Whether an error that `work` throws is no failure. */
  readonly isExpected?: (thrown: unknown) => boolean;
}

/** A call of a backend or of another service. */
export interface CallSpan {
  readonly name: string;
  /** `producer`: it sends a message that somebody takes later. */
  readonly kind: 'client' | 'producer';
  readonly fields: SpanFields;
}

export interface CallOptions<T> {
  /** What the span says of the result; with an error code the call has failed. */
  readonly answered?: (result: T) => SpanFields;
  /** Whether it is held too, so that the trace of a failure has it. Default: it is held only when it fails. */
  readonly isHeld?: boolean;
}

/** A span that its owner ends. */
export interface OpenSpan {
  /** Calls `work` as a part of the span. */
  readonly within: <T>(work: () => T) => T;
  readonly note: (fields: SpanFields) => void;
  readonly fail: (thrown: unknown) => void;
  readonly end: () => void;
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

const RECEIVED = createContextKey('catena.received');

/** Calls `work` with what the next consumer span says of the message that caused it. */
export function withReceived<T>(fields: SpanFields, work: () => T): T {
  return context.with(context.active().setValue(RECEIVED, fields), work);
}

/**
 * Calls `work` in a span of the run's trace: a child of the span that caused it, if that is known, else of the run's root. A cause in
 * another trace (a client's) is linked. If `work` throws, the span ends as an error.
 */
export function inSpan<T>(options: NewSpan, work: () => Promise<T>): Promise<T> {
  return installed === undefined ? work() : recorded(openSpan(options), work, options);
}

async function recorded<T>(span: OpenSpan, work: () => Promise<T>, options: Pick<NewSpan, 'isExpected'>): Promise<T> {
  try {
    return await span.within(work);
  } catch (thrown) {
    if (options.isExpected?.(thrown) !== true) span.fail(thrown);
    throw thrown;
  } finally {
    span.end();
  }
}

/** As {@link inSpan}, for work that is no single function. Call it only while tracing is on. */
export function openSpan(options: NewSpan): OpenSpan {
  const active = context.active();
  const place = placeOf(installed!, options, trace.getSpanContext(active));
  const received = active.getValue(RECEIVED) as SpanFields | undefined;
  const attributes = received === undefined ? options.fields : { ...received, ...options.fields };
  const span = startSpan(installed!, options, place, attributes);
  // What was received belongs to the first span below it alone.
  return opened(span, received === undefined ? active : active.deleteValue(RECEIVED));
}

/** Makes a call in a span below the caller's; without one it only makes the call. `describe` is called only when it is recorded. */
export function inCallSpan<T>(
  describe: () => CallSpan,
  work: () => Promise<T>,
  options: CallOptions<T> = {},
): Promise<T> {
  const span = openCallSpan(describe, options.isHeld);
  return span === undefined ? work() : calling(span, work, options);
}

async function calling<T>(span: OpenSpan, work: () => Promise<T>, { answered }: CallOptions<T>): Promise<T> {
  try {
    const result = await span.within(work);
    if (answered !== undefined) span.note(answered(result));
    return result;
  } catch (thrown) {
    span.fail(thrown);
    throw thrown;
  } finally {
    span.end();
  }
}

/** As {@link inCallSpan}, for a call that is no single function; undefined when there is nothing to record. */
export function openCallSpan(describe: () => CallSpan, isHeld = false): OpenSpan | undefined {
  if (installed === undefined) return undefined;
  const tracer = installed;
  const active = context.active();
  const parent = trace.getSpan(active);
  if (parent === undefined || !parent.isRecording()) return undefined;
  if (!(parent instanceof HeldSpan)) return opened(sampledCall(tracer, describe(), active), active);
  const startMs = nowMs();
  if (isHeld) return opened(heldCall(tracer, describe(), parent, startMs), active);
  return onFailure(() => heldCall(tracer, describe(), parent, startMs));
}

/** A span that exists only if it fails. */
function onFailure(begin: () => HeldSpan): OpenSpan {
  let failed: HeldSpan | undefined;
  return {
    within: (work) => work(),
    note: () => undefined,
    fail: (thrown) => {
      failed ??= begin();
      markFailed(failed, codeOf(thrown), messageOf(thrown));
    },
    end: () => failed?.end(),
  };
}

function opened(span: Span, active: Context): OpenSpan {
  const own = trace.setSpan(active, span);
  return {
    within: (work) => context.with(own, work),
    note: (fields) => {
      span.setAttributes(fields);
      if (fields[ERROR_CODE] !== undefined) span.setStatus({ code: SpanStatusCode.ERROR });
    },
    fail: (thrown) => markFailed(span, codeOf(thrown), messageOf(thrown)),
    end: () => span.end(),
  };
}

/** Writes the root span of a run's trace. Its ids follow from the run's id, so writing it again adds no second span. */
export function writeRunSpan(name: string, runId: string, acceptedAtMs: number, attributes: SpanFields): void {
  if (installed === undefined) return;
  const { tracer, ids, runIds, ratio, held } = installed;
  const own = runIds.of(runId);
  const cause = trace.getSpanContext(context.active());
  const links = cause?.traceId === own.traceId ? [] : linksTo(cause);
  const traceState = new SpanOrigin(own.traceId, NO_NODE);
  if (isSampledRun(own.traceId, ratio)) {
    const options = { root: true, kind: SpanKind.PRODUCER, startTime: acceptedAtMs, attributes, links };
    ids.given({ ...own, traceState }, () => tracer.startSpan(name, options)).end();
    return;
  }
  const root = new HeldSpan(
    {
      ...{ name, kind: SpanKind.PRODUCER, ...own, parent: undefined, traceState, attributes, links },
      ...{ tellsFailure: false, startMs: acceptedAtMs },
    },
    (ended) => held.addRoot(ended),
  );
  root.end();
}

/** Adds attributes to the caller's span. */
export function noteOnSpan(fields: SpanFields): void {
  trace.getSpan(context.active())?.setAttributes(fields);
}

/** Names the caller's span, when more is known than at its beginning. */
export function renameSpan(name: string): void {
  trace.getSpan(context.active())?.updateName(name);
}

/** Marks the caller's span as an error. */
export function failSpan(code: string, message: string, fields: SpanFields): void {
  const span = trace.getSpan(context.active());
  if (installed === undefined || span === undefined) return;
  span.setAttributes(fields);
  markFailed(span, code, message);
}

/** Exports what this process holds of a node that failed in another one. */
export function keepFailedNode(failed: FailedNode): void {
  installed?.held.keep(failed);
}

/** Where a span stands. */
interface Place {
  readonly traceId: string;
  readonly parent: SpanContext | undefined;
  readonly links: readonly Link[];
  readonly isSampled: boolean;
  readonly traceState: SpanOrigin | undefined;
}

function placeOf(tracer: InstalledTracer, { runId, node }: NewSpan, cause: SpanContext | undefined): Place {
  if (runId === undefined) return placeOfNone(tracer, cause);
  const { runIds, sizes, ratio } = tracer;
  const own = runIds.of(runId);
  const origin = cause === undefined ? undefined : originOf(cause);
  const isOwn = cause !== undefined && (cause.traceId === own.traceId || origin?.runTraceId === own.traceId);
  const isSampled = isSampledRun(own.traceId, ratio);
  const nodeId = node?.id ?? (isOwn ? origin?.nodeId : undefined) ?? NO_NODE;
  const isNew = node !== undefined && !(isOwn && origin?.nodeId === node.id);
  const ofRun = { isSampled, traceState: new SpanOrigin(own.traceId, nodeId) };
  const links = linksTo(cause);
  const root = runRoot(own, isSampled, new SpanOrigin(own.traceId, NO_NODE));
  if (isNew && sizes.isLarge(runId) && (node.isHop || !isOwn)) {
    const toRoot = { context: root, attributes: { 'catena.link': 'run' } };
    return { ...ofRun, traceId: nodeTraceId(runId, node.id), parent: undefined, links: [toRoot, ...links] };
  }
  // The spans of another node are not exported when this one fails: it stands below the root then.
  if (isOwn && (isSampled || !isNew)) return { ...ofRun, traceId: cause.traceId, parent: cause, links: [] };
  return { ...ofRun, traceId: own.traceId, parent: root, links: isOwn ? [] : links };
}

/** To a cause in another trace, if that is exported. */
function linksTo(cause: SpanContext | undefined): Link[] {
  return cause === undefined || (cause.traceFlags & TraceFlags.SAMPLED) === 0 ? [] : [{ context: cause }];
}

/** A call that belongs to no run goes on in the trace of its caller. */
function placeOfNone({ ratio }: InstalledTracer, cause: SpanContext | undefined): Place {
  if (cause === undefined) {
    const traceId = randomHex(16);
    return { traceId, parent: undefined, links: [], isSampled: Math.random() < ratio, traceState: undefined };
  }
  const isSampled = (cause.traceFlags & TraceFlags.SAMPLED) !== 0;
  return { traceId: cause.traceId, parent: cause, links: [], isSampled, traceState: originOf(cause) };
}

const KINDS = {
  internal: SpanKind.INTERNAL,
  consumer: SpanKind.CONSUMER,
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
} as const;

function startSpan(
  { tracer, ids, held }: InstalledTracer,
  { name, cause, isOfFailure = false }: NewSpan,
  { traceId, parent, links, isSampled, traceState }: Place,
  attributes: SpanFields,
): Span {
  const kind = KINDS[cause];
  if (isSampled) {
    const below = parent === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, parent);
    const begin = () => tracer.startSpan(name, { kind, attributes, links: [...links] }, below);
    return ids.given({ traceId, traceState }, begin);
  }
  const given = { name, kind, traceId, parent, traceState, attributes, links, tellsFailure: true };
  const nodeId = traceState?.nodeId ?? NO_NODE;
  if (isOfFailure && nodeId !== NO_NODE) held.keep({ runTraceId: traceState!.runTraceId, nodeId });
  return new HeldSpan(given, (ended) => held.add(ended));
}

function sampledCall({ tracer }: InstalledTracer, { name, kind, fields }: CallSpan, active: Context): Span {
  return tracer.startSpan(name, { kind: KINDS[kind], attributes: fields }, active);
}

function heldCall({ held }: InstalledTracer, { name, kind, fields }: CallSpan, parent: HeldSpan, startMs: number) {
  const above = parent.spanContext();
  const { traceId, traceState } = above;
  const given = { name, kind: KINDS[kind], traceId, parent: above, traceState, attributes: fields, links: [] };
  return new HeldSpan({ ...given, startMs, tellsFailure: false }, (ended) => held.add(ended));
}

function markFailed(span: Span, code: string, text: string): void {
  const message = redactQuery(text);
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
