/**
 * One run is one trace, and its ids are computed from the run's id. So a run's trace can be found by the run's id, and a wake-up
 * that another process sends after a crash joins the trace without stored state.
 */
import { hash, randomBytes } from 'node:crypto';
import { type SpanContext, TraceFlags, type TraceState } from '@opentelemetry/api';
import { RecentMap } from '../concurrency/recent-map.ts';

interface GivenIds {
  readonly traceId?: string | undefined;
  readonly spanId?: string | undefined;
  readonly traceState?: TraceState | undefined;
}

/** The SDK's number for a span that is recorded and exported. */
const KEEP = 2;

/**
 * Ids of spans: random ones, except for those that are started within {@link TraceIds.given}. It is the SDK's sampler too: what is not
 * to be exported does not come to the SDK.
 */
export class TraceIds {
  #given: GivenIds = {};

  /** Starts a span, synchronously, with given ids and trace state. */
  given<T>(ids: GivenIds, begin: () => T): T {
    this.#given = ids;
    try {
      return begin();
    } finally {
      this.#given = {};
    }
  }

  generateTraceId(): string {
    return this.#given.traceId ?? randomHex(16);
  }

  generateSpanId(): string {
    return this.#given.spanId ?? randomHex(8);
  }

  shouldSample(): { readonly decision: typeof KEEP; readonly traceState?: TraceState } {
    const { traceState } = this.#given;
    return traceState === undefined ? { decision: KEEP } : { decision: KEEP, traceState };
  }
}

const POOL_BYTES = 4_096;
let pool = Buffer.alloc(0);
let used = 0;

/** Random bytes in hex. Asking the system for each id costs more than the rest of a span that nobody exports. */
export function randomHex(bytes: number): string {
  if (used + bytes > pool.length) {
    pool = randomBytes(POOL_BYTES);
    used = 0;
  }
  used += bytes;
  return pool.toString('hex', used - bytes, used);
}

/** Upper bound of a trace id's first 32 bits. */
const ID_RANGE = 2 ** 32;

/**
 * Whether a run is traced completely. The trace id decides, which is computed from the run's id, so all processes decide the same
 * without asking.
 */
export function isSampledRun(traceId: string, ratio: number): boolean {
  return Number.parseInt(traceId.slice(0, 8), 16) < ratio * ID_RANGE;
}

export interface RunTraceIds {
  readonly traceId: string;
  readonly spanId: string;
}

/** The ids of a run's root span: the first 16 bytes of the SHA-256 of its id in hex, and the 8 bytes after them. */
export function runTraceIds(runId: string): RunTraceIds {
  const digest = hash('sha256', runId, 'hex');
  return { traceId: digest.slice(0, 32), spanId: digest.slice(32, 48) };
}

/** Ids of runs that were used of late. */
const KEPT_IDS = 256;

/** Computes the ids of a run once while it is in use. */
export class RunIdsInUse {
  readonly #kept = new RecentMap<string, RunTraceIds>(KEPT_IDS);

  of(runId: string): RunTraceIds {
    const kept = this.#kept.get(runId);
    if (kept !== undefined) return kept;
    const ids = runTraceIds(runId);
    this.#kept.set(runId, ids);
    return ids;
  }
}

/** The id of the trace of one hop of a large run: the first 16 bytes of the SHA-256 of `run/node` in hex. */
export function nodeTraceId(runId: string, nodeId: string): string {
  return hash('sha256', `${runId}/${nodeId}`, 'hex').slice(0, 32);
}

/** The root span of a run as another span's parent, whichever process writes it. */
export function runRoot(ids: RunTraceIds, isSampled: boolean, traceState: TraceState): SpanContext {
  return { ...ids, traceFlags: isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE, isRemote: true, traceState };
}
