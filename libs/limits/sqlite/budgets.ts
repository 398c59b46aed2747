import type { SqliteDatabase } from '../../sqlite/database.ts';
import { migrate } from '../../sqlite/migrate.ts';
import { type Budgets, type BudgetTotals, requireMicros } from '../budgets.ts';

/** Schema of the budgets' tables. */
export const BUDGET_MIGRATIONS: readonly string[] = [
  `CREATE TABLE budgets (
     scope TEXT PRIMARY KEY, spent INTEGER NOT NULL, reserved INTEGER NOT NULL
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE budget_entries (
     scope TEXT NOT NULL, entry TEXT NOT NULL, attempt TEXT NOT NULL, amount INTEGER NOT NULL, settled INTEGER NOT NULL,
     PRIMARY KEY (scope, entry, attempt)
   ) STRICT, WITHOUT ROWID`,
];

const NOTHING: BudgetTotals = { spent: 0, reserved: 0 };

/** The share of an attempt in the totals. */
interface Attempt extends BudgetTotals {
  readonly isSettled: boolean;
}

/** The budgets of single-node mode, on the engine's database. */
export function openSqliteBudgets(db: SqliteDatabase): Budgets {
  migrate(db, 'budgets', BUDGET_MIGRATIONS);
  const read = openSqliteBudgetReader(db);
  const sql = statements(db);
  const totalsOf = (scope: string) => sql.totals.get(scope) as unknown as BudgetTotals | undefined;
  const attemptAt = (scope: string, entry: string, attempt: string): Attempt => {
    const row = sql.attempt.get(scope, entry, attempt);
    if (row === undefined) return { spent: 0, reserved: 0, isSettled: false };
    const [amount, isSettled] = [row.amount as number, row.settled === 1];
    return { spent: isSettled ? amount : 0, reserved: isSettled ? 0 : amount, isSettled };
  };
  /** Counts reservations of earlier attempts as spent; returns the new totals. */
  const closeEarlier = (scope: string, entry: string, attempt: string): BudgetTotals => {
    const totals = totalsOf(scope) ?? NOTHING;
    const left = sql.left.get(scope, entry, attempt)?.amount as number | null;
    if (left === null) return totals;
    const after = { spent: totals.spent + left, reserved: totals.reserved - left };
    sql.putTotals.run(scope, after.spent, after.reserved);
    sql.closeEarlier.run(scope, entry, attempt);
    return after;
  };

  return {
    reserve: async ({ scope, entry, attempt, amount, cap }) => {
      requireMicros('amount', amount);
      if (cap !== undefined) requireMicros('cap', cap);
      return db.write(() => {
        const own = attemptAt(scope, entry, attempt);
        if (own.isSettled) return { granted: true };
        const { spent, reserved } = closeEarlier(scope, entry, attempt);
        const after = reserved - own.reserved + amount;
        if (cap !== undefined && spent + after > cap) return { granted: false, spent, reserved };
        sql.putTotals.run(scope, spent, after);
        sql.putAttempt.run(scope, entry, attempt, amount, 0);
        return { granted: true };
      });
    },
    settle: async ({ scope, entry, attempt, amount }) => {
      requireMicros('amount', amount);
      return db.write(() => {
        const totals = totalsOf(scope);
        if (totals === undefined) return;
        const own = attemptAt(scope, entry, attempt);
        sql.putTotals.run(scope, totals.spent - own.spent + amount, totals.reserved - own.reserved);
        sql.putAttempt.run(scope, entry, attempt, amount, 1);
      });
    },
    read,
    forget: (scope) =>
      db.write(() => {
        sql.forget.run(scope);
        sql.forgetEntries.run(scope);
      }),
  };
}

/** Reads the budgets of a database that another process may be writing; without budgets it has no tables for them. */
export function openSqliteBudgetReader(db: SqliteDatabase): Budgets['read'] {
  const table = db.prepare(`SELECT 1 FROM sqlite_schema WHERE name = 'budgets'`).get();
  if (table === undefined) return async () => NOTHING;
  const totals = db.prepare('SELECT spent, reserved FROM budgets WHERE scope = ?');
  return async (scope) => {
    const row = db.read(() => totals.get(scope));
    return row === undefined ? NOTHING : { spent: row.spent as number, reserved: row.reserved as number };
  };
}

function statements(db: SqliteDatabase) {
  return {
    totals: db.prepare('SELECT spent, reserved FROM budgets WHERE scope = ?'),
    putTotals: db.prepare(
      `INSERT INTO budgets VALUES (?, ?, ?) ON CONFLICT (scope)
       DO UPDATE SET spent = excluded.spent, reserved = excluded.reserved`,
    ),
    attempt: db.prepare('SELECT amount, settled FROM budget_entries WHERE scope = ? AND entry = ? AND attempt = ?'),
    putAttempt: db.prepare(
      `INSERT INTO budget_entries VALUES (?, ?, ?, ?, ?) ON CONFLICT (scope, entry, attempt)
       DO UPDATE SET amount = excluded.amount, settled = excluded.settled`,
    ),
    left: db.prepare(
      `SELECT sum(amount) AS amount FROM budget_entries
       WHERE scope = ? AND entry = ? AND attempt <> ? AND settled = 0`,
    ),
    closeEarlier: db.prepare(
      'UPDATE budget_entries SET settled = 1 WHERE scope = ? AND entry = ? AND attempt <> ? AND settled = 0',
    ),
    forget: db.prepare('DELETE FROM budgets WHERE scope = ?'),
    forgetEntries: db.prepare('DELETE FROM budget_entries WHERE scope = ?'),
  };
}
