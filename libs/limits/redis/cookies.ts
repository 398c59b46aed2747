import { randomUUID } from 'node:crypto';
import type { ChainableCommander } from 'ioredis';
import { sharedKeys } from '../../keys/keys.ts';
import { type CookieStore, shelved, VERSION_ID } from '../cookies.ts';
import type { LimitRunner } from './runner.ts';

/** A session without changes for this long expires, in case no process saw the end of its run. */
const KEPT_MS = 30 * 86_400_000;

/** Runs commands as one transaction; throws when one of them failed. */
async function all(batch: ChainableCommander): Promise<void> {
  for (const [error] of (await batch.exec()) ?? []) if (error !== null) throw error;
}

/** The cookies of distributed mode: a hash per session, and the names of a run's sessions. */
export function createRedisCookies(runner: LimitRunner): CookieStore {
  return {
    async read({ runId, session }, since) {
      const key = sharedKeys.cookies(runId, session);
      const version = await runner.ask('HGET', (redis) => redis.hget(key, VERSION_ID));
      if ((version ?? '') === since) return undefined;
      return shelved(Object.entries(await runner.ask('HGETALL', (redis) => redis.hgetall(key))));
    },

    async write({ runId, session }, changes) {
      const key = sharedKeys.cookies(runId, session);
      const names = sharedKeys.cookieSessions(runId);
      // The name is added first: a session without it would outlive its run.
      await runner.ask('SADD', (redis) => all(redis.multi().sadd(names, session).pexpire(names, KEPT_MS)));
      const put = [...changes].filter(([, text]) => text !== '').flat();
      const gone = [...changes].flatMap(([id, text]) => (text === '' ? [id] : []));
      await runner.ask('HSET', (redis) => {
        const batch = redis.multi().hset(key, VERSION_ID, randomUUID(), ...put);
        if (gone.length > 0) batch.hdel(key, ...gone);
        return all(batch.pexpire(key, KEPT_MS));
      });
    },

    async forget(runId) {
      const names = sharedKeys.cookieSessions(runId);
      const sessions = await runner.ask('SMEMBERS', (redis) => redis.smembers(names));
      for (const session of sessions) {
        await runner.ask('UNLINK', (redis) => redis.unlink(sharedKeys.cookies(runId, session)));
      }
      await runner.ask('UNLINK', (redis) => redis.unlink(names));
    },
  };
}
