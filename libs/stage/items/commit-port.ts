/**
 * The port that makes an execution's items and its commit take effect together. It has two implementations:
 *
 *     one-transaction.ts        store and coordinator share a database: both are one transaction (single node)
 *     insert-then-confirm.ts    the store is a server of its own: insert hidden rows, commit, confirm (distributed)
 */
import type { CommitCommand, CommitOutcome } from '../../coordination/protocol/commits.ts';
import type { ChainNode } from '../../coordination/protocol/node.ts';
import type { ItemBatch } from '../../store/port.ts';

/** A commit, with its node as it was claimed. */
export interface ExecutionCommit extends CommitCommand {
  readonly node: ChainNode;
}

export interface CommitPort {
  /**
   * Stores the items of an execution and commits it; no reader sees one without the other. `items` undefined: it yielded none.
   * Rejects when the store or the coordinator did not answer. It is then unknown whether the commit took place, and the same call
   * with the same token may be repeated.
   */
  commit(commit: ExecutionCommit, items: ItemBatch | undefined): Promise<CommitOutcome>;
}
