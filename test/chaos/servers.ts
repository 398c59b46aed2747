/** What the processes stand on, for a run that kills it: data on disk, so that a server comes back with what it had. */
import { type NatsCluster, startNatsCluster } from '../fixtures/servers/nats-cluster.ts';
import { startPostgres } from '../fixtures/servers/postgres-server.ts';
import { type RedisServer, startRedisServer } from '../fixtures/servers/redis-server.ts';

export interface ChaosServers {
  readonly redis: RedisServer;
  /** Three servers; every stream is on all of them. */
  readonly nats: NatsCluster;
  readonly databaseUrl: string;
  /** Idempotent. */
  stop(): Promise<void>;
}

export async function startChaosServers(appendfsync: 'always' | 'everysec'): Promise<ChaosServers> {
  const stops: (() => Promise<unknown>)[] = [];
  const stop = async () => void (await Promise.all(stops.splice(0).map((each) => each())));
  try {
    const redis = await startRedisServer({ appendonly: true, args: ['--appendfsync', appendfsync] });
    stops.push(() => redis.stop());
    const nats = await startNatsCluster();
    stops.push(() => nats.stop());
    // Nothing here kills PostgreSQL, and no power is lost.
    const postgres = await startPostgres({ fsync: false });
    stops.push(() => postgres.stop());
    return { redis, nats, databaseUrl: await postgres.newDatabase(), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
