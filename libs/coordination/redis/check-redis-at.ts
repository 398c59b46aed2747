import { Redis } from 'ioredis';
import { checkRedis, type RedisProblem } from './capabilities.ts';

/** As {@link checkRedis}, over a connection of its own. */
export async function checkRedisAt(url: string): Promise<readonly RedisProblem[]> {
  const redis = new Redis(url, { maxRetriesPerRequest: 1, connectTimeout: 5_000 });
  // Its errors arrive with the questions that met them.
  redis.on('error', () => {});
  try {
    return await checkRedis(redis);
  } finally {
    redis.disconnect();
  }
}
