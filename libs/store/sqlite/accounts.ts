import type { SqliteDatabase } from '../../sqlite/database.ts';
import type { Store } from '../port.ts';

/** Accounts of platforms. */
export function accountsOn(db: SqliteDatabase): Pick<Store, 'putAccount' | 'getAccount'> {
  const put = db.prepare(
    `INSERT INTO accounts VALUES (?, ?, ?, ?) ON CONFLICT (account, platform) DO UPDATE
     SET login = excluded.login, updated_at = excluded.updated_at`,
  );
  const get = db.prepare('SELECT login, updated_at FROM accounts WHERE account = ? AND platform = ?');
  return {
    putAccount: ({ account, platform, login, updatedAtMs }) =>
      db.write(() => void put.run(account, platform, JSON.stringify(login), updatedAtMs)),
    getAccount: async (account, platform) =>
      db.read(() => {
        const row = get.get(account, platform);
        if (row === undefined) return undefined;
        const login = JSON.parse(row.login as string) as unknown;
        return { account, platform, login, updatedAtMs: row.updated_at as number };
      }),
  };
}
