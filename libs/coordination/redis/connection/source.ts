import type { RedisClient } from '../scripts/script.ts';
import type { RedisAddress } from './address.ts';
import { type ConnectOptions, connectRedis, type RedisConnection } from './connect.ts';

/** A client, which its owner closes; or an address or the URL of a single server, whose client is made and closed here. */
export type RedisSource = RedisClient | RedisAddress | string;

/** The client of a source, and how to close it if it was made here; closing is idempotent. */
export function redisClientFor(source: RedisSource, options: ConnectOptions): RedisConnection {
  if (typeof source !== 'string' && !('topology' in source)) return { redis: source, close: () => {} };
  const address: RedisAddress = typeof source === 'string' ? { url: source, topology: 'single' } : source;
  return connectRedis(address, options);
}
