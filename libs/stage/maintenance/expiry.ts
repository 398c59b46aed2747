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
  /** Called with the number of deleted nodes. */
  readonly onExpired: (nodes: number) => void;
}

/** Runs listed at once, and nodes deleted per transition. */
const RUNS = 100;
const BATCH = 500;

/** Deletes the nodes of runs whose retention is over, in bounded steps. Their items, end and dead letters stay in the store. */
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

/** Deletes the nodes of one run; returns false when the signal aborted it. */
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
  // A download that was running when the run closed may have stored cookies since.
  await cookieStore.forget(runId);
  await store.markExpired(runId);
  return true;
}
