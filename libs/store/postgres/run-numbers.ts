import { RecentMap } from '../../concurrency/recent-map.ts';
import { CatenaError } from '../../errors/catena-error.ts';
import type { Query } from './database.ts';

/** Numbers kept in memory. */
const MAX_KEPT = 10_000;

/** Short numbers of runs, which rows contain instead of ids. The number of a run never changes. */
export class RunNumbers {
  readonly #query: Query;
  readonly #kept = new RecentMap<string, number>(MAX_KEPT);

  constructor(query: Query) {
    this.#query = query;
  }

  /** Throws `store.unknown_run`. */
  async of(runId: string): Promise<number> {
    const kept = this.#kept.get(runId);
    if (kept !== undefined) return kept;
    const [row] = await this.#query({ name: 'run_no', text: 'SELECT no FROM runs WHERE run_id = $1' }, [runId]);
    if (row === undefined) {
      throw new CatenaError('store.unknown_run', `there is no run ${runId}`, {
        remedy: 'list them with `catena runs`',
      });
    }
    this.#kept.set(runId, row.no as number);
    return row.no as number;
  }

  /** Of a run that is deleted. */
  forget(runId: string): void {
    this.#kept.delete(runId);
  }
}
