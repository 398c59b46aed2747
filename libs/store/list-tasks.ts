import type { ListStatement } from './list-runs.ts';
import type { TaskQuery } from './port.ts';

/** Adds a value to those of a statement; returns its parameter. */
export type AddParameter = (value: string | number) => string;

/**
 * The statement for a query, in SQL of both databases, with the columns of the table `t`. It goes on behind a place, so that every
 * page is found by the index. `mark` begins a parameter: `?1` or `$1`.
 */
export function listTasksStatement(
  { account, isMarked = false, after, limit }: TaskQuery,
  mark: '?' | '$',
  columns: (add: AddParameter) => string,
): ListStatement {
  const values: (string | number)[] = [];
  const add: AddParameter = (value) => `${mark}${values.push(value)}`;
  const selected = columns(add);
  // No account and no name is empty.
  const behind = after ?? { account: '', name: '' };
  const conditions =
    account === undefined
      ? [`(t.account, t.name) > (${add(behind.account)}, ${add(behind.name)})`]
      : [`t.account = ${add(account)}`, `t.name > ${add(behind.name)}`];
  if (isMarked) conditions.push(`t.mark <> ''`);
  return {
    text: `SELECT ${selected} FROM tasks t WHERE ${conditions.join(' AND ')} ORDER BY t.account, t.name LIMIT ${add(limit)}`,
    values,
  };
}
