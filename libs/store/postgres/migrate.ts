import { CatenaError } from '../../errors/catena-error.ts';
import type { PostgresDatabase, Query } from './database.ts';

/** Key of the advisory lock, unique in this database: "cate" in ASCII. */
const LOCK = 0x63_61_74_65;
/** Timeout of migrating, or of waiting for another process that migrates. */
const MIGRATION_WAIT_MS = 120_000;

/**
 * Migrates the tables in one transaction. Processes that start together take turns, and only the first one migrates. Throws
 * `store.too_new` when the tables are of a newer Catena.
 */
export async function migratePostgres(db: PostgresDatabase, migrations: readonly string[]): Promise<void> {
  if ((await versionWithoutLock(db)) === migrations.length) return;
  await db.transaction(async (query) => {
    await query({ text: `SET LOCAL statement_timeout = ${MIGRATION_WAIT_MS}` });
    await query({ text: 'SET LOCAL client_min_messages = warning' });
    await query({ text: 'SELECT pg_advisory_xact_lock($1)', waitMs: MIGRATION_WAIT_MS }, [LOCK]);
    await query({ text: 'CREATE TABLE IF NOT EXISTS catena_schema (version INTEGER PRIMARY KEY)' });
    const version = await versionIn(query);
    if (version > migrations.length) throw tooNew(db.place, version, migrations.length);
    for (let next = version; next < migrations.length; next++) {
      await query({ text: migrations[next]!, waitMs: MIGRATION_WAIT_MS });
      await query({ text: 'INSERT INTO catena_schema VALUES ($1)' }, [next + 1]);
    }
  });
}

/** Tables of this version need nothing that a user may lack who only reads and writes them. */
async function versionWithoutLock(db: PostgresDatabase): Promise<number> {
  const [found] = await db.query({ text: "SELECT to_regclass('catena_schema') IS NOT NULL AS is_there" });
  return found!.is_there === true ? versionIn(db.query) : 0;
}

async function versionIn(query: Query): Promise<number> {
  const [row] = await query({ text: 'SELECT coalesce(max(version), 0) AS version FROM catena_schema' });
  return row!.version as number;
}

function tooNew(place: string, version: number, known: number): CatenaError {
  return new CatenaError('store.too_new', `the database at ${place} was written by a newer Catena (store ${version})`, {
    remedy: 'start the version of Catena that the others run, or name another database in store.url',
    data: { version, known },
  });
}
