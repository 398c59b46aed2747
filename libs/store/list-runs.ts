import type { PriorityClass } from '../contracts/priority.ts';
import type { RunQuery } from './port.ts';

/** A run's position in the list: by the time of acceptance, then by arrival. */
export interface RunPlace {
  readonly acceptedAtMs: number;
  readonly no: number;
}

/** Where a list begins that continues after no run. */
export function beforeAll({ oldestFirst = false }: RunQuery): RunPlace {
  return oldestFirst
    ? { acceptedAtMs: -1, no: -1 }
    : { acceptedAtMs: Number.MAX_SAFE_INTEGER, no: Number.MAX_SAFE_INTEGER };
}

/** Classes of priorities as the databases number them. */
export const CLASS_NUMBER: Readonly<Record<PriorityClass, number>> = { low: -1, normal: 0, high: 1 };

export interface ListStatement {
  readonly text: string;
  readonly values: readonly (string | number)[];
}

/**
 * The statement for a query, in SQL of both databases. It names only the columns that the query filters by, so that each kind of
 * query uses the index that begins with them. `mark` begins a parameter: `?1` or `$1`.
 */
export function listRunsStatement(query: RunQuery, behind: RunPlace, mark: '?' | '$'): ListStatement {
  const { limit, state, account, user, moduleId, acceptedFromMs, acceptedBeforeMs, offset } = query;
  const { taskId, priorityClass, deadlineBeforeMs, oldestFirst = false } = query;
  const values: (string | number)[] = [];
  const parameter = (value: string | number) => `${mark}${values.push(value)}`;
  // The table of a module's runs has the same order.
  const place = moduleId === undefined ? ['r.accepted_at', 'r.no'] : ['m.accepted_at', 'm.run_no'];
  const from = moduleId === undefined ? 'runs r' : 'run_modules m JOIN runs r ON r.no = m.run_no';
  const conditions: string[] = [];
  if (moduleId !== undefined) conditions.push(`m.module_id = ${parameter(moduleId)}`);
  if (state !== undefined) conditions.push(`r.state = ${parameter(state)}`);
  if (account !== undefined) conditions.push(`r.account = ${parameter(account)}`);
  if (user !== undefined) conditions.push(`r.run_user = ${parameter(user)}`);
  // A run that is a task of its own has no name to be found by.
  if (taskId !== undefined) conditions.push(`r.task_id = ${parameter(taskId)} AND r.task_id <> r.run_id`);
  if (acceptedFromMs !== undefined) conditions.push(`${place[0]} >= ${parameter(acceptedFromMs)}`);
  if (acceptedBeforeMs !== undefined) conditions.push(`${place[0]} < ${parameter(acceptedBeforeMs)}`);
  if (priorityClass !== undefined) conditions.push(`r.priority_class = ${parameter(CLASS_NUMBER[priorityClass])}`);
  if (deadlineBeforeMs !== undefined) {
    conditions.push(`r.deadline_at > 0 AND r.deadline_at < ${parameter(deadlineBeforeMs)}`);
  }
  const comesAfter = oldestFirst ? '>' : '<';
  conditions.push(`(${place}) ${comesAfter} (${parameter(behind.acceptedAtMs)}, ${parameter(behind.no)})`);
  return {
    text: `SELECT r.* FROM ${from} WHERE ${conditions.join(' AND ')}
      ORDER BY ${place.map((column) => (oldestFirst ? column : `${column} DESC`))} LIMIT ${parameter(limit)}${
        offset === undefined ? '' : ` OFFSET ${parameter(offset)}`
      }`,
    values,
  };
}
