import { type Run, RunState } from '../../contracts/services.ts';
import { CatenaError } from '../../errors/catena-error.ts';
import type { Progress } from '../status/progress.ts';
import { countNodes } from '../status/progress.ts';
import type { IngressCalls } from './connect.ts';
import { type Patience, persistently } from './patience.ts';
import { toSnapshot } from './run-message.ts';

/** Follows a run to its end, also over another connection; resolves with it as it ended. Throws as {@link persistently}. */
export async function watchToEnd(
  calls: IngressCalls,
  runId: string,
  patience: Patience,
  onChange: (run: Run) => void,
): Promise<Run> {
  return persistently(patience, async (answered) => {
    for await (const { run } of calls.watchRun({ runId }, { signal: patience.signal })) {
      answered();
      if (run === undefined) continue;
      onChange(run);
      if (run.state === RunState.CLOSED) return run;
    }
    throw new CatenaError('server.ended_early', 'the server ended the watch before the run', { class: 'retryable' });
  });
}

/** What is known of a run that others execute. */
export function progressOf(run: Run, atMs: number): Progress {
  return {
    atMs,
    ...countNodes(toSnapshot(run)),
    inFlight: undefined,
    retries: undefined,
    items: run.items,
    pages: 0,
    waiting: run.mark !== '' ? { kind: 'ending', mark: run.mark } : run.paused ? { kind: 'paused' } : undefined,
  };
}
