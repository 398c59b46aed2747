/**
 * One run is one trace, and its ids are computed from the run's id. So a run's trace can be found by the run's id, and a wake-up
 * that another process sends after a crash joins the trace without stored state.
 */
import { hash, randomBytes } from 'node:crypto';
import {
  type Attributes,
  type Context,
  type Link,
  ROOT_CONTEXT,
  type SpanContext,
  type SpanKind,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import { ERROR_CODE } from './span-names.ts';

interface SpanIds {
  readonly traceId: string;
  readonly spanId: string;
}

/** Random ids for spans, except for those that are started within {@link TraceIds.fixed}. */
export class TraceIds {
  #fixed: SpanIds | undefined;

  /** Starts a span, synchronously, with given ids. */
  fixed<T>(ids: SpanIds, begin: () => T): T {
    this.#fixed = ids;
    try {
      return begin();
    } finally {
      this.#fixed = undefined;
    }
  }

  generateTraceId(): string {
    return this.#fixed?.traceId ?? randomBytes(16).toString('hex');
  }

  generateSpanId(): string {
    return this.#fixed?.spanId ?? randomBytes(8).toString('hex');
  }
}

/** The SDK's numbers for its decisions. */
const DROP = 0;
const KEEP = 2;

/** Upper bound of a trace id's first 32 bits. */
const ID_RANGE = 2 ** 32;

interface RunSampler {
  shouldSample(
    parent: Context,
    traceId: string,
    name: string,
    kind: SpanKind,
    attributes: Attributes,
    links: Link[],
  ): { readonly decision: typeof DROP | typeof KEEP };
  toString(): string;
}

/**
 * Samples a share of the runs, each completely. The trace id decides, which is computed from the run's id, so all processes decide
 * the same. A span that starts as a failure is always kept.
 */
export function sampleRuns(ratio: number): RunSampler {
  const bound = ratio * ID_RANGE;
  return {
    shouldSample: (_parent, traceId, _name, _kind, attributes) => {
      const isKept = attributes[ERROR_CODE] !== undefined || Number.parseInt(traceId.slice(0, 8), 16) < bound;
      return { decision: isKept ? KEEP : DROP };
    },
    toString: () => `sampleRuns(${ratio})`,
  };
}

/** The ids of a run's root span: the first 16 bytes of the SHA-256 of its id in hex, and the 8 bytes after them. */
export function runTraceIds(runId: string): { readonly traceId: string; readonly spanId: string } {
  const digest = hash('sha256', runId, 'hex');
  return { traceId: digest.slice(0, 32), spanId: digest.slice(32, 48) };
}

/** A context whose spans are children of the run's root span, whichever process created that. */
export function runContext(runId: string): Context {
  const root: SpanContext = { ...runTraceIds(runId), traceFlags: TraceFlags.SAMPLED, isRemote: true };
  return trace.setSpanContext(ROOT_CONTEXT, root);
}
