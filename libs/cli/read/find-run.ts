import { CatenaError } from '../../errors/catena-error.ts';
import type { RunRecord } from '../../store/port.ts';
import type { StoreReader } from '../../store/sqlite/index.ts';

/** Finds the run that a command line names: by its id, the beginning of an id, or `last`. Throws `cli.unknown_run`. */
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
  throw unknownRun(`${matching.length} runs have an id that begins with "${reference}"`, matching[0]!.runId);
}

/** `example` is one of the matching runs. */
export function unknownRun(message: string, example?: string): CatenaError {
  return new CatenaError('cli.unknown_run', message, {
    remedy:
      example === undefined
        ? '`catena runs` lists them; `last` is the newest'
        : `give more characters of the id, such as ${example}`,
  });
}
