import { requireNone, textFault } from '../../../libs/contracts/request-check.ts';
import { CatenaError } from '../../../libs/errors/catena-error.ts';
import type { RunRecord, Store } from '../../../libs/store/port.ts';

/** Returns the run that a request names. Throws `api.invalid_argument` and `api.unknown_run`. */
export async function findRun(store: Pick<Store, 'findRun'>, runId: string): Promise<RunRecord> {
  requireNone([textFault('run_id', runId)]);
  const run = await store.findRun(runId);
  if (run !== undefined) return run;
  throw new CatenaError('api.unknown_run', `there is no run ${runId}`, {
    data: { runId },
    remedy: 'list the runs with ListRuns',
  });
}

/** The error of an operation that needs a run whose nodes exist. */
export function notOpen(runId: string): CatenaError {
  return new CatenaError('api.run_not_open', `run ${runId} is accepted, but not opened yet`, {
    class: 'retryable',
    retryAfterMs: 500,
    data: { runId },
    remedy: 'ask again in a moment',
  });
}

export function closed(runId: string): CatenaError {
  return new CatenaError('api.run_closed', `run ${runId} is closed`, {
    data: { runId },
    remedy: 'replay its dead letters, or submit the task again',
  });
}
