/** Ends runs: closes finished ones, rejects unopened ones, cancels unfinished ones. */
import type { Clock } from '../../clock/clock.ts';
import type { Coordinator } from '../../coordination/protocol/port.ts';
import type { Budgets } from '../../limits/budgets.ts';
import type { RunEnd } from '../../store/port.ts';
import type { Log } from '../../telemetry/log.ts';
import { type CloseRunDeps, closeRun } from './close-run.ts';
import type { Runs } from './runs.ts';

export interface RunEndsDeps extends Pick<CloseRunDeps, 'cooldown' | 'tasks' | 'store'> {
  readonly coordinator: Pick<Coordinator, 'findRun' | 'listNodes' | 'listEvents' | 'runSettle' | 'runControl'>;
  readonly budgets: Pick<Budgets, 'read'>;
  readonly clock: Clock;
  readonly log: Log;
  /** Where the task of a run is looked up, for its last line. */
  readonly runs: Pick<Runs, 'kept'>;
  /** Deletes what is kept for a run that has ended. */
  readonly release: (runId: string) => Promise<void>;
}

export interface RunEnds {
  /** Records the end of a closing run and closes it. */
  close(runId: string): Promise<void>;
  /** Rejects a run that cannot be executed, such as one with an unknown module. */
  reject(runId: string, detail: string): Promise<void>;
  /** Ends a run that was not opened before its deadline. */
  expire(runId: string): Promise<void>;
  /** Cancels an unfinished run; its items are kept. */
  cancel(runId: string): Promise<void>;
}

export function createRunEnds(deps: RunEndsDeps): RunEnds {
  const { coordinator } = deps;
  return {
    close: async (runId) => {
      const end = await closeRun(deps, runId);
      if (end !== undefined) logEnd(deps, runId, end);
      await deps.release(runId);
    },
    reject: (runId, detail) => endUnopened(deps, runId, 'rejected', detail),
    expire: (runId) => endUnopened(deps, runId, 'deadline', 'its deadline came before it was opened'),
    cancel: async (runId) => {
      let run = await coordinator.findRun(runId);
      if (run === undefined) {
        await endUnopened(deps, runId, 'cancelled', 'cancelled before it began');
        // Another process may be opening the run: it reads the store after opening, and this reads the coordinator after closing.
        run = await coordinator.findRun(runId);
      }
      if (run !== undefined) await coordinator.runControl({ runId, action: 'cancel' });
    },
  };
}

function logEnd({ log, runs }: Pick<RunEndsDeps, 'log' | 'runs'>, runId: string, end: RunEnd): void {
  const { finishReason, detail, done, dead, items } = end;
  const taskId = runs.kept(runId)?.task.taskId;
  const of = { run_id: runId, ...(taskId === undefined ? {} : { task_id: taskId }) };
  const why = detail === '' ? {} : { detail };
  const counts = { done, dead, items };
  log.info('a run was closed', { ...of, decision: finishReason, ...counts, ...why });
}

async function endUnopened(
  { store, clock, log, runs, release }: RunEndsDeps,
  runId: string,
  finishReason: RunEnd['finishReason'],
  detail: string,
): Promise<void> {
  const end = { finishReason, detail, endedAtMs: clock.now(), done: 0, dead: 0, items: 0 };
  await store.closeRun(runId, end, { deadLetters: nothing(), events: nothing() });
  logEnd({ log, runs }, runId, end);
  await release(runId);
}

async function* nothing(): AsyncGenerator<never> {
  // A run that was never opened has no nodes and no events.
}
