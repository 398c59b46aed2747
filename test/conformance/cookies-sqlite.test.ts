import { openSqliteCookies } from '../../libs/limits/sqlite/cookies.ts';
import { SqliteDatabase } from '../../libs/sqlite/database.ts';
import { type CookieStoreHarness, describeCookieStore } from './cookies.ts';

async function open(): Promise<CookieStoreHarness> {
  const db = new SqliteDatabase({ path: ':memory:' });
  return {
    cookieStore: openSqliteCookies(db),
    another: async () => openSqliteCookies(db),
    close: async () => db.close(),
  };
}

describeCookieStore('SQLite', open);
