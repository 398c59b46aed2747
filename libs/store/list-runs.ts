import type { RunQuery, RunRecord } from './port.ts';

/** A run's position in the list: by the time of acceptance, then by arrival. */
export interface RunPlace {
  readonly acceptedAtMs: number;
  readonly no: number;
}

/** Before the newest run. */
export const BEFORE_ALL: RunPlace = { acceptedAtMs: Number.MAX_SAFE_INTEGER, no: Number.MAX_SAFE_INTEGER };

export interface ListStatement {
  readonly text: string;
  readonly values: readonly (string | number)[];
}

/** Counts the runs of each state, up to a limit, in SQL of both databases; its rows are `state` and `n`. */
export function countRunsText(mark: '?1' | '$1'): string {
  return (['accepted', 'open', 'closed'] as const)
    .map((state) => {
      // PostgreSQL wants a name for it; the check of SQLite's plans takes a name for a table.
      const counted = `(SELECT 1 FROM runs WHERE state = '${state}' LIMIT ${mark})${mark === '$1' ? ' AS counted' : ''}`;
      return `SELECT '${state}' AS state, count(*) AS n FROM ${counted}`;
    })
    .join(' UNION ALL ');
}

/** The counts of {@link countRunsText}. */
export function runCounts(rows: readonly Record<string, unknown>[]): Record<RunRecord['state'], number> {
  const of = (state: RunRecord['state']) => Number(rows.find((row) => row.state === state)?.n ?? 0);
  return { accepted: of('accepted'), open: of('open'), closed: of('closed') };
}

/**
 * The statement for a query, in SQL of both databases. It names only the columns that the query filters by, so that each kind of
 * query uses the index that begins with them. `mark` begins a parameter: `?1` or `$1`.
 */
export function listRunsStatement(query: RunQuery, behind: RunPlace, mark: '?' | '$'): ListStatement {
  const { limit, state, account, user, moduleId, acceptedFromMs, acceptedBeforeMs, offset } = query;
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
  if (acceptedFromMs !== undefined) conditions.push(`${place[0]} >= ${parameter(acceptedFromMs)}`);
  if (acceptedBeforeMs !== undefined) conditions.push(`${place[0]} < ${parameter(acceptedBeforeMs)}`);
  conditions.push(`(${place}) < (${parameter(behind.acceptedAtMs)}, ${parameter(behind.no)})`);
  return {
    text: `SELECT r.* FROM ${from} WHERE ${conditions.join(' AND ')}
      ORDER BY ${place.map((column) => `${column} DESC`)} LIMIT ${parameter(limit)}${
        offset === undefined ? '' : ` OFFSET ${parameter(offset)}`
      }`,
    values,
  };
}
