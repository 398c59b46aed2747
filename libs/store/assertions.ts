/**
 * What a store asserts of items, in a pair: at the write that each row can be found by its commit, at the read that rows come
 * in their order and none comes again. A violation (I6 of `docs/internals/invariants.md`) stops the node or the reader that
 * meets it, and no other.
 */
import { CatenaError } from '../errors/catena-error.ts';
import type { ItemBatch, StoredItem } from './port.ts';

/** At the write: without node and token no commit would ever show the rows. Throws `store.invariant_broken`. */
export function assertCommittable({ runId, nodeId, token }: ItemBatch): void {
  if (nodeId !== '' && token !== '') return;
  throw broken(runId, `items of node "${nodeId}" are to be stored under the token "${token}"`);
}

/** At the read: a reader that follows the sequence numbers would miss or repeat rows. Throws `store.invariant_broken`. */
export function assertInOrder<Row extends Pick<StoredItem, 'seq'>>(
  rows: Row[],
  runId: string,
  afterSeq: number,
): Row[] {
  let last = afterSeq;
  for (const { seq } of rows) {
    if (seq <= last) throw broken(runId, `row ${seq} was read behind row ${last}`);
    last = seq;
  }
  return rows;
}

function broken(runId: string, found: string): CatenaError {
  return new CatenaError('store.invariant_broken', `I6 does not hold in run ${runId}: ${found}`, {
    data: { invariant: 'I6', runId },
    remedy: 'report it: the rows of this run do not fit together; its other nodes and all other runs go on',
  });
}
