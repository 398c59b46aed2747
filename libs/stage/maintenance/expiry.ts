import type { Clock } from '../../clock/clock.ts';
import type { Coordinator } from '../../coordination/protocol/port.ts';
import type { Budgets } from '../../limits/budgets.ts';
import type { CookieStore } from '../../limits/cookies.ts';
import type { Store } from '../../store/port.ts';

/** What is kept of ended runs. */
export interface Retention {
  /** How long after its end a run's nodes are kept, in milliseconds. */
  readonly nodesMs: number;
  /** How many nodes of ended runs are kept; 0: any number. */
  readonly nodes: number;
  /** How long after its end a run is kept at all, in milliseconds; 0: for ever. */
  readonly runsMs: number;
}

export interface ExpiryDeps {
  readonly coordinator: Pick<Coordinator, 'runPurge'>;
  readonly store: Pick<Store, 'listExpiring' | 'markExpired' | 'countKeptNodes' | 'listExpired' | 'deleteRun'>;
  readonly budgets: Pick<Budgets, 'forget'>;
  readonly cookieStore: Pick<CookieStore, 'forget'>;
  readonly clock: Clock;
  readonly retention: Retention;
  /** Called with the number of deleted nodes. */
  readonly onExpired: (nodes: number) => void;
  /** Called before the nodes of some runs, or some runs, are deleted. */
  readonly onDelete: (what: 'nodes' | 'runs', atMost: number, why: 'age' | 'number') => void;
}

/** Runs listed at once, and rows deleted per step. */
const RUNS = 100;
const BATCH = 500;

/**
 * Deletes what is not to be kept of ended runs, the oldest first and in bounded steps: nodes by their age, then by their number, then
 * whole runs by their age. Before that a run's items, end and dead letters stay in the store.
 */
export async function expireRuns(deps: ExpiryDeps, signal: AbortSignal): Promise<void> {
  const { store, clock, retention } = deps;
  while (await expireSome(deps, { endedBeforeMs: clock.now() - retention.nodesMs, why: 'age' }, signal));
  if (retention.nodes > 0) {
    const excess = async () => (await store.countKeptNodes()) - retention.nodes;
    for (let nodes = await excess(); nodes > 0; nodes = await excess()) {
      if (!(await expireSome(deps, { endedBeforeMs: clock.now(), why: 'number', nodes }, signal))) break;
    }
  }
  if (retention.runsMs > 0) await deleteRuns(deps, signal);
}

interface Expiring {
  readonly endedBeforeMs: number;
  readonly why: 'age' | 'number';
  /** After so many nodes it is enough; default: never. */
  readonly nodes?: number;
}

/** Deletes the nodes of some runs; returns false when there were none, or the signal aborted it. */
async function expireSome(
  deps: ExpiryDeps,
  { endedBeforeMs, why, nodes = Number.POSITIVE_INFINITY }: Expiring,
  signal: AbortSignal,
): Promise<boolean> {
  const runIds = await deps.store.listExpiring(endedBeforeMs, RUNS);
  if (runIds.length > 0) deps.onDelete('nodes', runIds.length, why);
  let deleted = 0;
  for (const runId of runIds) {
    const ofRun = await expireRun(deps, runId, signal);
    if (ofRun === undefined) return false;
    deleted += ofRun;
    if (deleted >= nodes) return true;
  }
  return runIds.length > 0;
}

async function deleteRuns({ store, clock, retention, onDelete }: ExpiryDeps, signal: AbortSignal): Promise<void> {
  for (;;) {
    const runIds = await store.listExpired(clock.now() - retention.runsMs, RUNS);
    if (runIds.length === 0) return;
    onDelete('runs', runIds.length, 'age');
    for (const runId of runIds) {
      for (let more = true; more; more = await store.deleteRun(runId, BATCH)) if (signal.aborted) return;
    }
  }
}

/** Deletes the nodes of one run and returns their number; undefined when the signal aborted it. */
async function expireRun(
  { coordinator, store, budgets, cookieStore, onExpired }: ExpiryDeps,
  runId: string,
  signal: AbortSignal,
): Promise<number | undefined> {
  let deleted = 0;
  for (let more = true; more; ) {
    if (signal.aborted) return undefined;
    const outcome = await coordinator.runPurge({ runId, limit: BATCH });
    if (outcome.deleted > 0) onExpired(outcome.deleted);
    deleted += outcome.deleted;
    more = outcome.more;
  }
  await budgets.forget(runId);
  // A download that was running when the run closed may have stored cookies since.
  await cookieStore.forget(runId);
  await store.markExpired(runId);
  return deleted;
}
