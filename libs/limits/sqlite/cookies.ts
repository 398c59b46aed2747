import { randomUUID } from 'node:crypto';
import type { SqliteDatabase } from '../../sqlite/database.ts';
import { migrate } from '../../sqlite/migrate.ts';
import { type CookieStore, shelved, VERSION_ID } from '../cookies.ts';

const MIGRATIONS = [
  `CREATE TABLE cookies (
     run_id TEXT NOT NULL, session TEXT NOT NULL, id TEXT NOT NULL, cookie TEXT NOT NULL,
     PRIMARY KEY (run_id, session, id)
   ) STRICT, WITHOUT ROWID`,
];

/** The cookies of single-node mode, in the engine's database, so that a resumed run is still logged in. */
export function openSqliteCookies(db: SqliteDatabase): CookieStore {
  migrate(db, 'cookies', MIGRATIONS);
  const sql = {
    find: db.prepare('SELECT cookie FROM cookies WHERE run_id = ? AND session = ? AND id = ?'),
    list: db.prepare('SELECT id, cookie FROM cookies WHERE run_id = ? AND session = ?'),
    put: db.prepare(
      `INSERT INTO cookies VALUES (?, ?, ?, ?) ON CONFLICT (run_id, session, id) DO UPDATE SET cookie = excluded.cookie`,
    ),
    drop: db.prepare('DELETE FROM cookies WHERE run_id = ? AND session = ? AND id = ?'),
    forget: db.prepare('DELETE FROM cookies WHERE run_id = ?'),
  };
  return {
    read: async ({ runId, session }, since) => {
      const version = sql.find.get(runId, session, VERSION_ID) as { cookie: string } | undefined;
      if ((version?.cookie ?? '') === since) return undefined;
      const rows = sql.list.all(runId, session) as { id: string; cookie: string }[];
      return shelved(rows.map(({ id, cookie }) => [id, cookie] as const));
    },
    write: async ({ runId, session }, changes) =>
      db.write(() => {
        sql.put.run(runId, session, VERSION_ID, randomUUID());
        for (const [id, text] of changes) {
          if (text === '') sql.drop.run(runId, session, id);
          else sql.put.run(runId, session, id, text);
        }
      }),
    forget: async (runId) => db.write(() => void sql.forget.run(runId)),
  };
}
