/**
 * The response cache of distributed mode. It is not in Redis, because Redis holds the coordinator's state, must not evict
 * anything, and would refuse the coordinator's writes when a cache had filled it. Times are those of the server.
 */
import { type AnswerBounds, fits, type ResponseCache } from '../response-cache.ts';
import type { Query, Statement } from './database.ts';

/** Responses deleted by one statement. */
const BATCH = 1_000;

export function responseCacheIn(query: Query, bounds: AnswerBounds): ResponseCache {
  const expireBatch = async (): Promise<number> => (await query(EXPIRE)).length;
  return {
    find: async (key, maxAgeMs) => {
      const [row] = await query(FIND, [key, maxAgeMs]);
      return row?.bytes as Uint8Array | undefined;
    },
    keep: async (key, bytes, ttlMs) => {
      if (!fits(bytes, bounds)) return;
      await query(PUT, [key, ttlMs, bytes.byteLength, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)]);
      if (!(await isOver(query, bounds))) return;
      await expireBatch();
      await query(TRIM, [bounds.maxCount, bounds.maxBytes]);
    },
    expire: async () => {
      let expired = 0;
      for (let more = true; more; ) {
        const batch = await expireBatch();
        expired += batch;
        more = batch === BATCH;
      }
      return expired;
    },
  };
}

async function isOver(query: Query, { maxCount, maxBytes }: AnswerBounds): Promise<boolean> {
  const [total] = await query(TOTAL);
  return (total?.count as number) > maxCount || (total?.bytes as number) > maxBytes;
}

const FIND: Statement = {
  name: 'find_answer',
  text: `SELECT bytes FROM answers WHERE key = $1 AND expires_at > clock_timestamp()
    AND stored_at > clock_timestamp() - make_interval(secs => $2::double precision / 1000)`,
};

const PUT: Statement = {
  name: 'keep_answer',
  text: `INSERT INTO answers VALUES
    ($1, clock_timestamp(), clock_timestamp() + make_interval(secs => $2::double precision / 1000), $3, $4)
    ON CONFLICT (key) DO UPDATE SET stored_at = excluded.stored_at, expires_at = excluded.expires_at,
    size = excluded.size, bytes = excluded.bytes`,
};

const TOTAL: Statement = {
  name: 'answers_total',
  text: 'SELECT count(*) AS count, coalesce(sum(size), 0)::bigint AS bytes FROM answers',
};

/** Deletes the oldest, until both bounds hold. */
const TRIM: Statement = {
  name: 'trim_answers',
  text: `DELETE FROM answers WHERE key IN (
    SELECT key FROM (
      SELECT key, size, row_number() OVER oldest AS place, sum(size) OVER oldest AS bytes
      FROM (SELECT key, size, stored_at FROM answers ORDER BY stored_at, key LIMIT ${BATCH}) AS candidates
      WINDOW oldest AS (ORDER BY stored_at, key ROWS UNBOUNDED PRECEDING)
    ) AS counted, (SELECT count(*) AS count, coalesce(sum(size), 0) AS bytes FROM answers) AS total
    WHERE place <= total.count - $1 OR counted.bytes - size < total.bytes - $2
  )`,
};

const EXPIRE: Statement = {
  name: 'expire_answers',
  text: `DELETE FROM answers WHERE key IN (
    SELECT key FROM answers WHERE expires_at <= clock_timestamp() ORDER BY expires_at LIMIT ${BATCH}
  ) RETURNING 1`,
};
