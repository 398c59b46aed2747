import { RecentMap } from '../../concurrency/recent-map.ts';
import { CatenaError } from '../../errors/catena-error.ts';
import type { SqliteDatabase } from '../../sqlite/database.ts';

/** Numbers kept in memory. */
const MAX_KEPT = 10_000;

/** Short numbers of runs, which rows contain instead of ids. */
export class RunNumbers {
  readonly #find;
  readonly #known = new RecentMap<string, number>(MAX_KEPT);

  constructor(db: SqliteDatabase) {
    this.#find = db.prepare('SELECT no FROM runs WHERE run_id = ?');
    db.onRollback(() => this.#known.clear());
  }

  /** Throws `store.unknown_run`. */
  of(runId: string): number {
    const known = this.#known.get(runId);
    if (known !== undefined) return known;
    const row = this.#find.get(runId);
    if (row === undefined) {
      throw new CatenaError('store.unknown_run', `there is no run ${runId}`, {
        remedy: 'list them with `catena runs`',
      });
    }
    this.#known.set(runId, row.no as number);
    return row.no as number;
  }

  /** Of a run that is deleted. */
  forget(runId: string): void {
    this.#known.delete(runId);
  }
}
