/** Finds accepted and open runs that the coordinator does not know, and sends the messages that open them. */
import type { Bus } from '../../bus/port.ts';
import type { Coordinator } from '../../coordination/protocol/port.ts';
import type { RunRecord, Store } from '../../store/port.ts';
import { taskMessage } from '../run/submit.ts';

export interface ReconcileDeps {
  readonly store: Pick<Store, 'listRuns'>;
  readonly coordinator: Pick<Coordinator, 'findRun'>;
  readonly bus: Pick<Bus, 'publish'>;
  /** Selects the runs to check; default all. */
  readonly serves?: ((run: RunRecord) => boolean) | undefined;
}

/** Runs of each state that one round checks. */
const MAX_RUNS = 1_000;

/**
 * Sends the messages of runs that were accepted but never opened, because their message was lost or the queue was full, and of
 * open runs that the coordinator lost with its last writes. Opening is idempotent, so an extra message does no harm.
 */
export async function reconcileRuns(
  { store, coordinator, bus, serves }: ReconcileDeps,
  signal: AbortSignal,
): Promise<void> {
  for (const state of ['accepted', 'open'] as const) {
    for (const run of await store.listRuns({ limit: MAX_RUNS, state })) {
      if (signal.aborted) return;
      if (serves?.(run) === false) continue;
      if ((await coordinator.findRun(run.runId)) === undefined) await bus.publish(taskMessage(run));
    }
  }
}
