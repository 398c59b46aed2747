import type { Attributes, Context, Link, SpanKind } from '@opentelemetry/api';
import { ERROR_CODE } from './spans.ts';

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
 * Keeps a share of the runs, each as a whole: the trace id decides, which follows from the run, so that all processes agree
 * without a word. A span that begins as a failure is always kept.
 */
export function keepRunsWhole(ratio: number): RunSampler {
  const bound = ratio * ID_RANGE;
  return {
    shouldSample: (_parent, traceId, _name, _kind, attributes) => {
      const isKept = attributes[ERROR_CODE] !== undefined || Number.parseInt(traceId.slice(0, 8), 16) < bound;
      return { decision: isKept ? KEEP : DROP };
    },
    toString: () => `keepRunsWhole(${ratio})`,
  };
}
