/** Finds accepted runs that the coordinator does not know, and has them opened. */
import type { Bus } from '../../bus/port.ts';
import type { Coordinator } from '../../coordination/protocol/port.ts';
import type { RunRecord, Store } from '../../store/port.ts';
import { taskMessage } from '../run/submit.ts';

export interface ReconcileDeps {
  readonly store: Pick<Store, 'listRuns'>;
  readonly coordinator: Pick<Coordinator, 'findRun'>;
  readonly bus: Pick<Bus, 'publish'>;
  /** Which runs to look after; default all. */
  readonly serves?: ((run: RunRecord) => boolean) | undefined;
}

/** Runs looked at in one round, of each state. */
const MAX_RUNS = 1_000;

/**
 * Sends the messages of runs that were accepted and never opened, because their message was lost or the queue was full, and for open
 * ones that the coordinator lost with its last writes. Opening is idempotent, so a message too many is nothing.
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
