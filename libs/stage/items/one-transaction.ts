/** Stores items and commits in one transaction, when coordinator and store share a SQLite file. */
import type { CommitOutcome } from '../../coordination/protocol/commits.ts';
import type { SqliteCoordinator } from '../../coordination/sqlite/index.ts';
import { failpoint } from '../../failpoints/failpoint.ts';
import type { ItemBatch } from '../../store/port.ts';
import type { SqliteStore } from '../../store/sqlite/index.ts';
import type { CommitPort, ExecutionCommit } from './commit-port.ts';

export class OneTransaction implements CommitPort {
  readonly #coordinator: Pick<SqliteCoordinator, 'commitSuccess' | 'commitWith'>;
  readonly #store: Pick<SqliteStore, 'insertItems'>;

  constructor(
    coordinator: Pick<SqliteCoordinator, 'commitSuccess' | 'commitWith'>,
    store: Pick<SqliteStore, 'insertItems'>,
  ) {
    this.#coordinator = coordinator;
    this.#store = store;
  }

  commit(commit: ExecutionCommit, items: ItemBatch | undefined): Promise<CommitOutcome> {
    if (items === undefined) return this.#coordinator.commitSuccess(commit);
    const usage = { bytes: 0, tooDeep: 0, ...commit.usage, items: items.items.length };
    return this.#coordinator.commitWith({ ...commit, usage }, (count) => {
      failpoint('items.before_write');
      this.#store.insertItems(count < items.items.length ? { ...items, items: items.items.slice(0, count) } : items);
      failpoint('items.after_write');
    });
  }
}
