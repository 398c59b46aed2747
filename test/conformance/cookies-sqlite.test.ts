import { openSqliteCookies } from '../../libs/limits/sqlite/cookies.ts';
import { SqliteDatabase } from '../../libs/sqlite/database.ts';
import { type CookieShelfHarness, describeCookieShelf } from './cookies.ts';

async function open(): Promise<CookieShelfHarness> {
  const db = new SqliteDatabase({ path: ':memory:' });
  return {
    shelf: openSqliteCookies(db),
    another: async () => openSqliteCookies(db),
    close: async () => db.close(),
  };
}

describeCookieShelf('SQLite', open);
