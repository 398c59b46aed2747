import { CatenaError } from '../errors/catena-error.ts';
import type { SqliteDatabase } from './database.ts';

/**
 * Migrates one component's tables; each migration runs once, in order, and its number is stored in the same transaction. A file
 * that a newer Catena has written is refused.
 */
export function migrate(db: SqliteDatabase, component: string, migrations: readonly string[]): void {
  db.exec('CREATE TABLE IF NOT EXISTS schema_versions (component TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT');
  const row = db.prepare('SELECT version FROM schema_versions WHERE component = ?').get(component);
  const version = row === undefined ? 0 : Number(row.version);
  if (version > migrations.length) {
    throw new CatenaError('store.too_new', `${db.path} was written by a newer Catena (${component} ${version})`, {
      remedy: 'use that version, or name another file with --db',
      data: { component, version, known: migrations.length },
    });
  }
  for (let next = version; next < migrations.length; next++) {
    try {
      db.exec(
        `BEGIN; ${migrations[next]}; INSERT INTO schema_versions VALUES ('${component}', ${next + 1})
         ON CONFLICT (component) DO UPDATE SET version = excluded.version; COMMIT`,
      );
    } catch (thrown) {
      db.rollBack();
      throw thrown;
    }
  }
}
