/** How runs come to their end: closed when all is done, rejected before they began, cancelled by somebody. */
import type { Clock } from '../../clock/clock.ts';
import type { Coordinator } from '../../coordination/protocol/port.ts';
import type { Budgets } from '../../limits/budgets.ts';
import type { RunEnd, Store } from '../../store/port.ts';
import { closeRun } from './close-run.ts';

export interface RunEndsDeps {
  readonly coordinator: Pick<Coordinator, 'findRun' | 'listNodes' | 'listEvents' | 'runSettle' | 'runControl'>;
  readonly store: Pick<Store, 'closeRun' | 'countItems'>;
  readonly budgets: Pick<Budgets, 'read'>;
  readonly clock: Clock;
  /** Lets go of what is kept for a run that has ended. */
  readonly release: (runId: string) => Promise<void>;
}

export interface RunEnds {
  /** Writes the end of a closing run and closes it. */
  close(runId: string): Promise<void>;
  /** Ends a run that cannot be executed: its task names what is not there. */
  reject(runId: string, detail: string): Promise<void>;
  /** Ends an unfinished run for good; the items that it has stay. */
  cancel(runId: string): Promise<void>;
}

export function createRunEnds(deps: RunEndsDeps): RunEnds {
  const { coordinator } = deps;
  return {
    close: async (runId) => {
      await closeRun(deps, runId);
      await deps.release(runId);
    },
    reject: (runId, detail) => endUnopened(deps, runId, 'rejected', detail),
    cancel: async (runId) => {
      let run = await coordinator.findRun(runId);
      if (run === undefined) {
        await endUnopened(deps, runId, 'cancelled', 'cancelled before it began');
        // It may have been opened since: whoever opens it looks at the store afterwards, and this at the coordinator.
        run = await coordinator.findRun(runId);
      }
      if (run !== undefined) await coordinator.runControl({ runId, action: 'cancel' });
    },
  };
}

async function endUnopened(
  { store, clock, release }: RunEndsDeps,
  runId: string,
  finishReason: RunEnd['finishReason'],
  detail: string,
): Promise<void> {
  const end = { finishReason, detail, endedAtMs: clock.now(), done: 0, dead: 0, items: 0 };
  await store.closeRun(runId, end, { deadLetters: nothing(), events: nothing() });
  await release(runId);
}

async function* nothing(): AsyncGenerator<never> {
  // A run that never began has no nodes, and nothing happened to it.
}
