/**
 * What a span tells its children beside its ids: which run it belongs to, and which node it works on. It travels as W3C's
 * `tracestate`, so a child in another process knows whether it works on the same node, and whether a trace that is not the run's main
 * one is a part of it.
 */
import type { SpanContext, TraceState } from '@opentelemetry/api';

export const NO_NODE = '';

const KEY = 'catena';
const VALUE = /^([0-9a-f]{32})\.([\w-]{0,128})$/;

/** The trace state of our spans. It is written as one entry; those of other tracers end at the border of a run. */
export class SpanOrigin implements TraceState {
  /** The id of the run's main trace. */
  readonly runTraceId: string;
  /** {@link NO_NODE}: it works on none. */
  readonly nodeId: string;

  constructor(runTraceId: string, nodeId: string) {
    this.runTraceId = runTraceId;
    this.nodeId = nodeId;
  }

  get(key: string): string | undefined {
    return key === KEY ? `${this.runTraceId}.${this.nodeId}` : undefined;
  }

  set(): TraceState {
    return this;
  }

  unset(): TraceState {
    return this;
  }

  serialize(): string {
    return `${KEY}=${this.runTraceId}.${this.nodeId}`;
  }
}

/** The origin of a span of this or another process; undefined for a span that is not of a run. */
export function originOf({ traceState }: SpanContext): SpanOrigin | undefined {
  if (traceState === undefined || traceState instanceof SpanOrigin) return traceState;
  const [, runTraceId, nodeId] = VALUE.exec(traceState.get(KEY) ?? '') ?? [];
  return runTraceId === undefined || nodeId === undefined ? undefined : new SpanOrigin(runTraceId, nodeId);
}
