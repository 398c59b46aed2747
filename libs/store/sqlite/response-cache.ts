import type { Clock } from '../../clock/clock.ts';
import type { SqliteDatabase } from '../../sqlite/database.ts';
import { migrate } from '../../sqlite/migrate.ts';
import { type AnswerBounds, fits, type ResponseCache } from '../response-cache.ts';

const MIGRATIONS = [
  `CREATE TABLE answers (
     key TEXT PRIMARY KEY, stored_ms INTEGER NOT NULL, expires_ms INTEGER NOT NULL, size INTEGER NOT NULL,
     bytes BLOB NOT NULL
   ) STRICT;
   CREATE INDEX answers_by_age ON answers (stored_ms, key, size);
   CREATE INDEX answers_by_expiry ON answers (expires_ms)`,
];

/** Responses deleted in one transaction; few, because it blocks the event loop. */
const BATCH = 500;

export interface SqliteAnswersOptions {
  readonly db: SqliteDatabase;
  readonly clock: Clock;
  readonly bounds: AnswerBounds;
}

/** The response cache of single-node mode, in the engine's database. */
export function openSqliteResponseCache({ db, clock, bounds }: SqliteAnswersOptions): ResponseCache {
  migrate(db, 'answers', MIGRATIONS);
  const sql = statements(db);

  const expireBatch = (): number => Number(sql.expire.run(clock.now()).changes);
  const trim = (): void => {
    const { count, bytes } = sql.total.get() as { count: number; bytes: number };
    const [overCount, overBytes] = [count - bounds.maxCount, bytes - bounds.maxBytes];
    if (overCount > 0 || overBytes > 0) sql.trim.run(overCount, overBytes);
  };

  return {
    find: async (key, maxAgeMs) => {
      const nowMs = clock.now();
      const row = db.read(() => sql.find.get(key, nowMs, nowMs - maxAgeMs));
      return row?.bytes as Uint8Array | undefined;
    },
    keep: async (key, bytes, ttlMs) => {
      if (!fits(bytes, bounds)) return;
      await db.write(() => {
        const nowMs = clock.now();
        expireBatch();
        sql.put.run(key, nowMs, nowMs + Math.ceil(ttlMs), bytes.byteLength, bytes);
        trim();
      });
    },
    expire: async () => {
      let expired = 0;
      for (let more = true; more; ) {
        const batch = await db.write(expireBatch);
        expired += batch;
        more = batch === BATCH;
      }
      return expired;
    },
  };
}

function statements(db: SqliteDatabase) {
  return {
    find: db.prepare('SELECT bytes FROM answers WHERE key = ? AND expires_ms > ? AND stored_ms > ?'),
    put: db.prepare(
      `INSERT INTO answers VALUES (?, ?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET stored_ms = excluded.stored_ms,
       expires_ms = excluded.expires_ms, size = excluded.size, bytes = excluded.bytes`,
    ),
    total: db.prepare('SELECT count(*) AS count, coalesce(sum(size), 0) AS bytes FROM answers'),
    // Deletes the oldest, until both bounds hold.
    trim: db.prepare(
      `DELETE FROM answers WHERE key IN (
         SELECT key FROM (
           SELECT key, size, row_number() OVER oldest AS place, sum(size) OVER oldest AS bytes
           FROM (SELECT key, size, stored_ms FROM answers ORDER BY stored_ms, key LIMIT ${BATCH})
           WINDOW oldest AS (ORDER BY stored_ms, key ROWS UNBOUNDED PRECEDING)
         ) WHERE place <= ? OR bytes - size < ?
       )`,
    ),
    expire: db.prepare(
      `DELETE FROM answers WHERE key IN (SELECT key FROM answers WHERE expires_ms <= ? ORDER BY expires_ms LIMIT ${BATCH})`,
    ),
  };
}
