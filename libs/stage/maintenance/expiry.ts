import type { Clock } from '../../clock/clock.ts';
import type { Coordinator } from '../../coordination/protocol/port.ts';
import type { Budgets } from '../../limits/budgets.ts';
import type { CookieStore } from '../../limits/cookies.ts';
import type { Store } from '../../store/port.ts';

export interface ExpiryDeps {
  readonly coordinator: Pick<Coordinator, 'runPurge'>;
  readonly store: Pick<Store, 'listExpiring' | 'markExpired'>;
  readonly budgets: Pick<Budgets, 'forget'>;
  readonly cookieStore: Pick<CookieStore, 'forget'>;
  readonly clock: Clock;
  /** How long after its end a run's nodes are kept, in milliseconds. */
  readonly retentionMs: number;
  /** Told how many nodes were removed. */
  readonly onExpired: (nodes: number) => void;
}

/** Runs taken at once, and nodes removed per transition. */
const RUNS = 100;
const BATCH = 500;

/** Removes the nodes of runs that ended long ago, in bounded steps. Their items, end and dead letters stay in the store. */
export async function expireRuns(deps: ExpiryDeps, signal: AbortSignal): Promise<void> {
  const before = deps.clock.now() - deps.retentionMs;
  for (let more = true; more; ) {
    const runIds = await deps.store.listExpiring(before, RUNS);
    for (const runId of runIds) {
      if (!(await expireRun(deps, runId, signal))) return;
    }
    more = runIds.length === RUNS;
  }
}

/** False when it was told to stop. */
async function expireRun(
  { coordinator, store, budgets, cookieStore, onExpired }: ExpiryDeps,
  runId: string,
  signal: AbortSignal,
) {
  for (let more = true; more; ) {
    if (signal.aborted) return false;
    const outcome = await coordinator.runPurge({ runId, limit: BATCH });
    if (outcome.deleted > 0) onExpired(outcome.deleted);
    more = outcome.more;
  }
  await budgets.forget(runId);
  // A download that was under way when the run closed may have come with cookies after all.
  await cookieStore.forget(runId);
  await store.markExpired(runId);
  return true;
}
