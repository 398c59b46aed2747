/** Where a Redis is, and how a client reaches it: one server, the primary that Sentinels name, or a Cluster. */
import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import type { Config } from '../../../config/config-tree.ts';
import { parseRedisUrl, type RedisUrl } from '../../../config/redis-url.ts';
import { CatenaError } from '../../../errors/catena-error.ts';

export interface RedisAddress {
  /** `redis[s]://[user][:password]@host[:port],…[/database]`. */
  readonly url: string;
  /** What the hosts of the URL are. */
  readonly topology: 'single' | 'sentinel' | 'cluster';
  /** The name under which Sentinels know the primary. */
  readonly masterName?: string;
  readonly sentinelUser?: string | undefined;
  readonly sentinelPassword?: string | undefined;
  /** PEM files; they are read for each connection, so renewed certificates need no restart. */
  readonly tls?: {
    readonly ca?: string | undefined;
    readonly cert?: string | undefined;
    readonly key?: string | undefined;
  };
}

/** The address that the settings name; call it only when `cache.redis` is set. */
export function configuredRedis({ cache }: Pick<Config, 'cache'>): RedisAddress {
  return {
    url: cache.redis!,
    topology: cache.topology,
    masterName: cache.masterName,
    sentinelUser: cache.sentinelUser,
    sentinelPassword: cache.sentinelPassword,
    tls: { ca: cache.tlsCa, cert: cache.tlsCert, key: cache.tlsKey },
  };
}

/** Throws `coordinator.bad_address` (fatal). */
export function urlOf({ url }: Pick<RedisAddress, 'url'>): RedisUrl {
  const parsed = parseRedisUrl(url);
  if (parsed !== undefined) return parsed;
  throw new CatenaError('coordinator.bad_address', 'the address of Redis is not a redis:// or rediss:// URL', {
    remedy: 'set cache.redis to redis://host:port',
  });
}

/**
 * TLS options whose files are read whenever they are used: the client copies them for each connection. Undefined without
 * encryption.
 */
export function tlsOf({ isEncrypted }: RedisUrl, { tls = {} }: RedisAddress): ConnectionOptions | undefined {
  if (!isEncrypted) return undefined;
  const options: ConnectionOptions = {};
  for (const [name, path] of Object.entries(tls)) {
    if (path !== undefined) Object.defineProperty(options, name, { enumerable: true, get: () => readFileSync(path) });
  }
  return options;
}
