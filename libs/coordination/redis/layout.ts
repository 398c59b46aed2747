/** The version of the key layout that a Redis holds, so that no process writes an older one beside it. */
import { KEY_LAYOUT_VERSION, sharedKeys } from '../../keys/keys.ts';
import type { RedisClient } from './scripts/script.ts';

const MEMBER = 'version';

/** Notes that this release writes here from now on. A version is never lowered. */
export async function noteLayout(redis: RedisClient): Promise<void> {
  await redis.zadd(sharedKeys.layout(), 'GT', KEY_LAYOUT_VERSION, MEMBER);
}

/** The newest version that was noted; 0 where none was. */
export async function notedLayout(redis: RedisClient): Promise<number> {
  return Number((await redis.zscore(sharedKeys.layout(), MEMBER)) ?? 0);
}
