/** The progress of a run in numbers, from the coordinator, the counters of this process and its rate limiter. */
import { capText } from '../../contracts/caps.ts';
import type { RunSnapshot } from '../../coordination/protocol/reads.ts';
import type { KeySnapshot } from '../../limits/rate-limiter.ts';
import { METRICS } from '../../telemetry/metric-names.ts';
import type { Engine } from '../engine.ts';

export interface Progress {
  /** Monotonic milliseconds. */
  readonly atMs: number;
  /** Nodes that are done, dead, or neither. */
  readonly done: number;
  readonly failed: number;
  readonly open: number;
  /** Nodes in execution in this process; undefined if other processes execute the run. */
  readonly inFlight: number | undefined;
  /** Retries of this process; undefined if other processes execute the run. */
  readonly retries: number | undefined;
  /** Items of the run, those of earlier processes included. */
  readonly items: number;
  /** Pages parsed by this process. */
  readonly pages: number;
  readonly waiting: Waiting | undefined;
}

/** Why no node, or fewer than possible, is in execution. */
export type Waiting =
  /** The host asked for a pause (Retry-After), or its robots.txt asks for long delays. */
  | { readonly kind: 'host'; readonly host: string; readonly untilMs: number }
  /** Our own limit of requests per second. */
  | { readonly kind: 'rate'; readonly host: string; readonly queued: number }
  /** No node is in execution or waits for a host: the open nodes are not due yet, mostly retries. */
  | { readonly kind: 'time'; readonly count: number }
  /** The run is paused. */
  | { readonly kind: 'paused' }
  /** The run was cancelled or terminated, and its open nodes are being ended. */
  | { readonly kind: 'ending'; readonly mark: string }
  /** The run has reached a cap; the text says which. */
  | { readonly kind: 'capped'; readonly text: string };

/** A longer pause was requested by the host; a shorter one is the spacing of the rate limit. */
const LONG_PAUSE_MS = 1_000;

export async function readProgress(
  engine: Pick<Engine, 'progress' | 'metrics' | 'limiter' | 'inFlight'>,
  runId: string,
  itemsBefore: number,
  clock: { readonly now: () => number; readonly monotonic: () => number },
): Promise<Progress> {
  const snapshot = await engine.progress(runId);
  const { done, failed, open } = countNodes(snapshot);
  const { metrics, inFlight } = engine;
  return {
    atMs: clock.monotonic(),
    done,
    failed,
    open,
    inFlight: Math.min(inFlight, open),
    retries: metrics.total(METRICS.errorTaskRetry),
    items: itemsBefore + metrics.total(METRICS.itemsCommitted),
    pages: metrics.total(METRICS.parserSuccess),
    waiting: cappedAt(snapshot) ?? waitingFor(engine.limiter.snapshot(), { open, inFlight }, clock.now()),
  };
}

/** What a run that is ending at a cap shows instead of what it waits for. A cap on depth ends nothing. */
export function cappedAt(snapshot: RunSnapshot | undefined): Waiting | undefined {
  const use = snapshot?.capUse;
  return use?.reached.some((cap) => cap !== 'depth') ? { kind: 'capped', text: capText(use) } : undefined;
}

export function countNodes(snapshot: RunSnapshot | undefined): { done: number; failed: number; open: number } {
  const sum = { done: 0, failed: 0, open: 0 };
  for (const phase of snapshot?.modules.flatMap(({ phases }) => phases) ?? []) {
    sum.done += phase.done;
    sum.failed += phase.dead;
    sum.open += phase.open;
  }
  return sum;
}

/** The most important reason. */
export function waitingFor(
  keys: readonly KeySnapshot[],
  { open, inFlight }: { readonly open: number; readonly inFlight: number },
  nowMs: number,
): Waiting | undefined {
  const held = keys.filter(({ waiting }) => waiting > 0);
  const longest = held
    .filter(({ nextAtMs }) => nextAtMs !== undefined && nextAtMs - nowMs > LONG_PAUSE_MS)
    .sort((one, other) => other.waiting - one.waiting)[0];
  if (longest !== undefined) return { kind: 'host', host: longest.key, untilMs: longest.nextAtMs! };
  const paced = held
    .filter(({ nextAtMs }) => nextAtMs !== undefined)
    .sort((one, other) => other.waiting - one.waiting)[0];
  if (paced !== undefined) return { kind: 'rate', host: paced.key, queued: paced.waiting };
  if (inFlight === 0 && held.length === 0 && open > 0) return { kind: 'time', count: open };
  return undefined;
}
