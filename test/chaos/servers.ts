/** What the processes stand on, for a run that kills it: data on disk, so that a server comes back with what it had. */
import { type NatsCluster, startNatsCluster } from '../fixtures/servers/nats-cluster.ts';
import { type PostgresServer, startPostgres } from '../fixtures/servers/postgres-server.ts';
import { type RedisSentinel, startRedisSentinel } from '../fixtures/servers/redis-sentinel.ts';

/** Faults of the same server wait for each other. */
interface Alone {
  alone<T>(work: () => Promise<T>): Promise<T>;
}

export interface ChaosServers {
  readonly redis: RedisSentinel & Alone;
  /** Three servers; every stream is on all of them. */
  readonly nats: NatsCluster;
  readonly postgres: PostgresServer & Alone;
  readonly databaseUrl: string;
  /** Idempotent. */
  stop(): Promise<void>;
}

export async function startChaosServers(appendfsync: 'always' | 'everysec'): Promise<ChaosServers> {
  const stops: (() => Promise<unknown>)[] = [];
  const stop = async () => void (await Promise.all(stops.splice(0).map((each) => each())));
  try {
    const redis = await startRedisSentinel({ sentinels: 3, args: ['--appendfsync', appendfsync] });
    stops.push(() => redis.stop());
    const nats = await startNatsCluster();
    stops.push(() => nats.stop());
    // Without fsync: processes are killed here, but no power is lost.
    const postgres = await startPostgres({ fsync: false, settings: ['max_wal_size=128MB'] });
    stops.push(() => postgres.stop());
    return {
      redis: { ...redis, alone: oneByOne() },
      nats,
      postgres: { ...postgres, alone: oneByOne() },
      databaseUrl: await postgres.newDatabase(),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function oneByOne(): Alone['alone'] {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const next = last.then(work);
    last = next.catch(() => undefined);
    return next;
  };
}
