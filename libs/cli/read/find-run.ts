import { CatenaError } from '../../errors/catena-error.ts';
import type { RunRecord } from '../../store/port.ts';
import type { StoreReader } from '../../store/sqlite/index.ts';

/** The run that a command line means: its id, the beginning of one, or `last`. Throws `cli.unknown_run`. */
export async function findRun(store: Pick<StoreReader, 'findRun' | 'listRuns'>, reference: string): Promise<RunRecord> {
  if (reference === 'last') {
    const [newest] = await store.listRuns({ limit: 1 });
    if (newest !== undefined) return newest;
    throw unknownRun('there is no run yet');
  }
  const exact = await store.findRun(reference);
  if (exact !== undefined) return exact;
  const runs = await store.listRuns({ limit: Number.MAX_SAFE_INTEGER });
  const matching = runs.filter(({ runId }) => runId.startsWith(reference.toLowerCase()));
  if (matching.length === 1) return matching[0]!;
  if (matching.length === 0) throw unknownRun(`there is no run "${reference}"`);
  throw unknownRun(`"${reference}" is the beginning of ${matching.length} runs`, matching[0]!.runId);
}

/** `example` is one of several runs that may be meant. */
export function unknownRun(message: string, example?: string): CatenaError {
  return new CatenaError('cli.unknown_run', message, {
    remedy:
      example === undefined ? '`catena runs` lists them; `last` is the newest' : `give more of it, such as ${example}`,
  });
}
