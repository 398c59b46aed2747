import type { Clock } from '../clock/clock.ts';
import type { Coordinator } from '../coordination/port.ts';
import type { Store } from '../store/port.ts';

export interface ExpiryDeps {
  readonly coordinator: Pick<Coordinator, 'runPurge'>;
  readonly store: Pick<Store, 'listRuns'>;
  readonly clock: Clock;
  /** How long after its end a run's nodes are kept, in milliseconds. */
  readonly retentionMs: number;
  /** Told how many nodes were removed. */
  readonly onExpired: (nodes: number) => void;
}

/** Runs looked at in one round. */
const MAX_RUNS = 1_000;
const BATCH = 500;

/** Removes the nodes of runs that ended long ago, in bounded steps. Their items, end and dead letters stay in the store. */
export async function expireRuns(deps: ExpiryDeps, signal: AbortSignal): Promise<void> {
  const before = deps.clock.now() - deps.retentionMs;
  for (const { runId, end } of await deps.store.listRuns({ limit: MAX_RUNS, state: 'closed' })) {
    if (end === undefined || end.endedAtMs > before) continue;
    for (let more = true; more && !signal.aborted; ) {
      const outcome = await deps.coordinator.runPurge({ runId, limit: BATCH });
      if (outcome.deleted > 0) deps.onExpired(outcome.deleted);
      more = outcome.more;
    }
  }
}
