/**
 * Connects to a Redis and stays connected: to its primary, wherever that moves. A server that refuses writes, is loading, or says
 * nothing is left for a new connection, which finds the primary again. Who sends commands repeats them (`../scripts/answered.ts`).
 */
import { Cluster, Redis, type RedisOptions } from 'ioredis';
import type { RedisClient } from '../scripts/script.ts';
import { type RedisAddress, tlsOf, urlOf } from './address.ts';

export type RedisNotice = { readonly kind: 'disconnected'; readonly reason: string } | { readonly kind: 'reconnected' };

export interface ConnectOptions {
  /** How long a call waits for its answer; a server that is silent for a quarter of it is left. Default 5 s. */
  readonly timeoutMs?: number;
  /** The name of the connection in Redis. */
  readonly name?: string;
  /** Called when the connection is lost or there again. */
  readonly onNotice?: (notice: RedisNotice) => void;
}

const RECONNECT_MS = 200;
const DEFAULT_TIMEOUT_MS = 5_000;
const LEAST_SILENCE_MS = 1_000;
/** Commands wait for so many failed reconnections; then they are refused, and their sender repeats them while it waits. */
const RECONNECTIONS_PER_COMMAND = 1;
/** A Cluster that moves slots sends a command on so often. */
const REDIRECTIONS = 4;

/** Errors that say: this server is not, or no longer, the one to ask. In Redis 6 an error of a script encloses them. */
const ELSEWHERE = /\b(?:READONLY|MASTERDOWN|LOADING)\b/;

export interface RedisConnection {
  readonly redis: RedisClient;
  /** Idempotent. */
  close(): void;
}

/** Clients that connect again even after they have ended. */
const lasting = new WeakSet<RedisClient>();

/** Whether no command of this client will ever be answered. */
export function isEnded(redis: RedisClient): boolean {
  return redis.status === 'end' && !lasting.has(redis);
}

/** A client that connects in the background and stays until it is closed. */
export function connectRedis(address: RedisAddress, options: ConnectOptions = {}): RedisConnection {
  const redis = clientOf(address, options);
  lasting.add(redis);
  // Connection errors reject the calls themselves.
  redis.on('error', () => {});
  // A client of Sentinels ends for good if it is told of a failover while it connects.
  redis.on('end', () => {
    setTimeout(() => {
      if (lasting.has(redis) && redis.status === 'end') redis.connect().catch(() => {});
    }, RECONNECT_MS);
  });
  if (options.onNotice !== undefined) report(redis, options.onNotice);
  return {
    redis,
    close: () => {
      lasting.delete(redis);
      redis.disconnect();
    },
  };
}

function clientOf(address: RedisAddress, { timeoutMs = DEFAULT_TIMEOUT_MS, name }: ConnectOptions): RedisClient {
  const url = urlOf(address);
  const silenceMs = Math.max(LEAST_SILENCE_MS, Math.ceil(timeoutMs / 4));
  const tls = tlsOf(url, address);
  const shared = {
    ...(url.username === '' ? {} : { username: url.username }),
    ...(url.password === '' ? {} : { password: url.password }),
    ...(tls === undefined ? {} : { tls }),
    ...(name === undefined ? {} : { connectionName: name }),
    // One command less that a user must be allowed to send.
    disableClientInfo: true,
    connectTimeout: silenceMs,
    socketTimeout: silenceMs,
    maxRetriesPerRequest: RECONNECTIONS_PER_COMMAND,
    retryStrategy: () => RECONNECT_MS,
    // The refused command is rejected; its sender repeats it.
    reconnectOnError: ({ message }: Error) => ELSEWHERE.test(message),
  } satisfies RedisOptions;
  const hosts = url.hosts.map(({ host, port }) => ({ host, port }));
  switch (address.topology) {
    case 'single':
      return new Redis({ ...shared, ...hosts[0]!, db: url.database });
    case 'sentinel':
      return new Redis({
        ...shared,
        sentinels: hosts,
        name: address.masterName ?? 'mymaster',
        db: url.database,
        // Told by a Sentinel of a failover, the client leaves the old primary although that still answers.
        failoverDetector: true,
        sentinelRetryStrategy: () => RECONNECT_MS,
        sentinelCommandTimeout: silenceMs,
        ...(address.sentinelUser === undefined ? {} : { sentinelUsername: address.sentinelUser }),
        ...(address.sentinelPassword === undefined ? {} : { sentinelPassword: address.sentinelPassword }),
        ...(tls === undefined ? {} : { enableTLSForSentinelMode: true, sentinelTLS: tls }),
      });
    case 'cluster':
      return new Cluster(hosts, {
        redisOptions: shared,
        clusterRetryStrategy: () => RECONNECT_MS,
        maxRedirections: REDIRECTIONS,
        retryDelayOnFailover: RECONNECT_MS,
        retryDelayOnClusterDown: RECONNECT_MS,
        slotsRefreshTimeout: silenceMs,
      });
  }
}

function report(client: RedisClient, onNotice: (notice: RedisNotice) => void): void {
  let isReady = false;
  let wasReady = false;
  let reason = '';
  client.on('error', (error: Error) => {
    reason = error.message;
  });
  client.on('ready', () => {
    if (wasReady && !isReady) onNotice({ kind: 'reconnected' });
    isReady = true;
    wasReady = true;
    reason = '';
  });
  client.on('close', () => {
    if (isReady) onNotice({ kind: 'disconnected', reason: reason || 'the connection was closed' });
    isReady = false;
  });
}
