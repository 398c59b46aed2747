/**
 * How an execution's items and its commit take effect together. Two implementations stand beside this file:
 *
 *     one-transaction.ts    the store shares the coordinator's database: both are one transaction (single node)
 *     confirmed-items.ts    the store stands beside the coordinator: insert unseen, commit, confirm (distributed)
 */
import type { CommitCommand, CommitOutcome } from '../../coordination/protocol/commits.ts';
import type { ChainNode } from '../../coordination/protocol/node.ts';
import type { ItemBatch } from '../../store/port.ts';

/** A commit with its node as it was claimed. */
export interface ExecutionCommit extends CommitCommand {
  readonly node: ChainNode;
}

export interface CommitPort {
  /**
   * Stores the items of an execution and commits it; no reader sees one without the other. Undefined: it yielded no item.
   * Rejects when the store or the coordinator did not answer: whether it took place is not known then, and the same call
   * with the same token may be made again.
   */
  commit(commit: ExecutionCommit, items: ItemBatch | undefined): Promise<CommitOutcome>;
}
