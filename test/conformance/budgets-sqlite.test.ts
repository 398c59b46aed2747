import { openSqliteBudgets } from '../../libs/limits/sqlite/budgets.ts';
import { SqliteDatabase } from '../../libs/sqlite/database.ts';
import { describeBudgetSequences } from './budget-sequences.ts';
import { type BudgetsHarness, describeBudgets } from './budgets.ts';

async function open(): Promise<BudgetsHarness> {
  const db = new SqliteDatabase({ path: ':memory:' });
  return {
    budgets: openSqliteBudgets(db),
    another: async () => openSqliteBudgets(db),
    close: async () => db.close(),
  };
}

describeBudgets('SQLite', open);
describeBudgetSequences('SQLite', open, 200);
