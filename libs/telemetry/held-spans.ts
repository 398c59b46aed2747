/**
 * Spans of runs that are not sampled. They are plain records, kept in memory for a while and dropped; when their node fails, they are
 * exported after all, with those that follow. So the trace of a failure is whole, although nobody knew beforehand that it would be
 * one. A record costs a small part of a span of the SDK, and nothing is sent.
 */
import {
  type Attributes,
  type AttributeValue,
  type Exception,
  type Link,
  type Span,
  type SpanContext,
  type SpanKind,
  type SpanStatus,
  SpanStatusCode,
  type TimeInput,
  TraceFlags,
  type TraceState,
} from '@opentelemetry/api';
import { NO_NODE, originOf } from './span-origin.ts';
import { randomHex } from './trace-ids.ts';

export interface NewHeldSpan {
  readonly name: string;
  readonly kind: SpanKind;
  readonly traceId: string;
  /** Undefined for the first span of a trace. */
  readonly parent: SpanContext | undefined;
  readonly traceState: TraceState | undefined;
  readonly attributes: Attributes;
  readonly links: readonly Link[];
  /** Whether its failure is that of its node or of the call that is served, and not of a call that it makes. */
  readonly tellsFailure: boolean;
  /** Default: a random one, and now. */
  readonly spanId?: string;
  readonly startMs?: number;
}

/** Now, in Unix milliseconds with fractions. */
export function nowMs(): number {
  return performance.timeOrigin + performance.now();
}

/** A span that is recorded and not exported, unless its holder decides otherwise. */
export class HeldSpan implements Span {
  readonly given: NewHeldSpan;
  readonly startMs: number;
  readonly attributes: Attributes;
  name: string;
  status: SpanStatus = { code: SpanStatusCode.UNSET };
  exception: { readonly name: string; readonly message: string } | undefined;
  endMs = 0;
  readonly #context: SpanContext;
  readonly #onEnd: (span: HeldSpan) => void;

  constructor(given: NewHeldSpan, onEnd: (span: HeldSpan) => void) {
    this.given = given;
    this.name = given.name;
    this.attributes = { ...given.attributes };
    this.startMs = given.startMs ?? nowMs();
    const { traceId, spanId = randomHex(8), traceState } = given;
    this.#context = {
      ...{ traceId, spanId, traceFlags: TraceFlags.NONE },
      ...(traceState === undefined ? {} : { traceState }),
    };
    this.#onEnd = onEnd;
  }

  /** The node that it works on; {@link NO_NODE} without one. */
  get nodeId(): string {
    return originOf(this.#context)?.nodeId ?? NO_NODE;
  }

  get hasFailed(): boolean {
    return this.status.code === SpanStatusCode.ERROR;
  }

  spanContext(): SpanContext {
    return this.#context;
  }

  setAttribute(key: string, value: AttributeValue): this {
    this.attributes[key] = value;
    return this;
  }

  setAttributes(attributes: Attributes): this {
    Object.assign(this.attributes, attributes);
    return this;
  }

  setStatus(status: SpanStatus): this {
    this.status = status;
    return this;
  }

  updateName(name: string): this {
    this.name = name;
    return this;
  }

  recordException(exception: Exception): void {
    const { name, message } = typeof exception === 'string' ? { name: undefined, message: exception } : exception;
    this.exception = { name: name ?? 'Error', message: message ?? '' };
  }

  /** Its only events are exceptions, and its links are known when it begins. */
  addEvent(): this {
    return this;
  }

  addLink(): this {
    return this;
  }

  addLinks(): this {
    return this;
  }

  isRecording(): boolean {
    return this.endMs === 0;
  }

  end(endTime?: TimeInput): void {
    if (this.endMs !== 0) return;
    this.endMs = typeof endTime === 'number' ? endTime : nowMs();
    this.#onEnd(this);
  }
}

/** A node whose spans are exported although its run is not sampled. */
export interface FailedNode {
  readonly runTraceId: string;
  readonly nodeId: string;
}

export interface HeldSpansOptions {
  /** Exports a span. */
  readonly exportSpan: (span: HeldSpan) => void;
  /** Called for each node that failed in this process, so that the other processes export their spans of it. */
  readonly onFailed: (failed: FailedNode) => void;
  /** In milliseconds, for the times below. */
  readonly monotonic: () => number;
  /** The most spans that are held; the oldest go first. Default 8,192, some megabytes. */
  readonly mostSpans?: number;
  /** For how many nodes per second all spans are exported; of others only the span that failed. Default 50. */
  readonly mostNodesPerSecond?: number;
}

const MOST_SPANS = 8_192;
const MOST_NODES_PER_SECOND = 50;
/** Nodes whose later spans are exported too. */
const MOST_KEPT_NODES = 4_096;
/** For so long: a retry belongs to the failure that caused it. */
const KEPT_MS = 120_000;
/** Roots of runs, of which a failure may be told later. */
const MOST_ROOTS = 1_024;
const SECOND_MS = 1_000;

/** Holds the spans that ended of late, by their nodes, and the roots of runs. */
export class HeldSpans {
  readonly #options: HeldSpansOptions;
  /** A ring: the slot after the newest span is that of the oldest. */
  readonly #ring: (HeldSpan | undefined)[];
  readonly #ofNode = new Map<string, HeldSpan[]>();
  /** When the spans of a node are not exported any more. */
  readonly #keptUntilMs = new Map<string, number>();
  /** By the trace id of the run. */
  readonly #roots = new Map<string, HeldSpan>();
  #next = 0;
  #second = 0;
  #keptInSecond = 0;

  constructor(options: HeldSpansOptions) {
    this.#options = options;
    this.#ring = new Array<HeldSpan | undefined>(options.mostSpans ?? MOST_SPANS);
  }

  /** Takes a span that has ended. */
  add(span: HeldSpan): void {
    const { nodeId, given } = span;
    const tellsFailure = span.hasFailed && given.tellsFailure;
    if (tellsFailure) this.#fail(span);
    if (tellsFailure || this.#isKept(nodeId)) this.#options.exportSpan(span);
    else if (nodeId !== NO_NODE) this.#hold(span, nodeId);
  }

  /** Takes the root span of a run: it is exported with the first failure of its run. */
  addRoot(root: HeldSpan): void {
    this.#roots.set(root.spanContext().traceId, root);
    if (this.#roots.size > MOST_ROOTS) this.#roots.delete(this.#roots.keys().next().value!);
  }

  /** Exports what is held of a node, and what is still to come. */
  keep({ runTraceId, nodeId }: FailedNode): void {
    this.#exportRoot(runTraceId);
    this.#keptUntilMs.delete(nodeId);
    this.#keptUntilMs.set(nodeId, this.#options.monotonic() + KEPT_MS);
    if (this.#keptUntilMs.size > MOST_KEPT_NODES) this.#keptUntilMs.delete(this.#keptUntilMs.keys().next().value!);
    const held = this.#ofNode.get(nodeId);
    if (held === undefined) return;
    this.#ofNode.delete(nodeId);
    for (const span of held) this.#options.exportSpan(span);
  }

  #exportRoot(runTraceId: string): void {
    const root = this.#roots.get(runTraceId);
    if (root === undefined) return;
    this.#roots.delete(runTraceId);
    this.#options.exportSpan(root);
  }

  #fail(span: HeldSpan): void {
    const origin = originOf(span.spanContext());
    if (origin === undefined) return;
    this.#exportRoot(origin.runTraceId);
    if (origin.nodeId === NO_NODE) return;
    const second = Math.floor(this.#options.monotonic() / SECOND_MS);
    if (second !== this.#second) this.#keptInSecond = 0;
    this.#second = second;
    this.#keptInSecond += 1;
    if (this.#keptInSecond > (this.#options.mostNodesPerSecond ?? MOST_NODES_PER_SECOND)) return;
    this.keep(origin);
    this.#options.onFailed(origin);
  }

  #isKept(nodeId: string): boolean {
    const untilMs = this.#keptUntilMs.get(nodeId);
    if (untilMs === undefined) return false;
    if (untilMs > this.#options.monotonic()) return true;
    this.#keptUntilMs.delete(nodeId);
    return false;
  }

  #hold(span: HeldSpan, nodeId: string): void {
    const oldest = this.#ring[this.#next];
    this.#ring[this.#next] = span;
    this.#next = (this.#next + 1) % this.#ring.length;
    if (oldest !== undefined) this.#drop(oldest);
    const held = this.#ofNode.get(nodeId);
    if (held === undefined) this.#ofNode.set(nodeId, [span]);
    else held.push(span);
  }

  #drop(oldest: HeldSpan): void {
    const { nodeId } = oldest;
    const held = this.#ofNode.get(nodeId);
    // Spans that were exported are in the ring still, and not among those of their node.
    if (held === undefined || held[0] !== oldest) return;
    held.shift();
    if (held.length === 0) this.#ofNode.delete(nodeId);
  }
}
