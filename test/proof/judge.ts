/** Compares what a run has stored with what an undisturbed one stores. */
import { expectedItems, type ProofItem } from './site.ts';

export interface Judged {
  /** Items that should be there and are not; the join's is not counted here. */
  readonly lost: number;
  /** Items that are there more often than once. */
  readonly doubled: number;
  /** Whether what the join makes is there, and right. */
  readonly isJoined: boolean;
}

export function judge(items: readonly ProofItem[]): Judged {
  const found = Map.groupBy(items, ({ id }) => id);
  const wanted = expectedItems();
  const pages = wanted.filter(({ id }) => id !== 'sum');
  const lost = pages.filter(({ id, value }) => found.get(id)?.some((item) => item.value === value) !== true).length;
  const doubled = [...found].reduce((sum, [, same]) => sum + same.length - 1, 0);
  const join = wanted.find(({ id }) => id === 'sum')!;
  return { lost, doubled, isJoined: found.get('sum')?.every(({ value }) => value === join.value) === true };
}
