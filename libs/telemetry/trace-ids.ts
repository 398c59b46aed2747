import { randomBytes } from 'node:crypto';

interface SpanIds {
  readonly traceId: string;
  readonly spanId: string;
}

/** Random ids for spans, but for those that are begun within {@link TraceIds.fixed}. */
export class TraceIds {
  #fixed: SpanIds | undefined;

  /** Begins a span, synchronously, under given ids. */
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
