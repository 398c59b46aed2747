/** The servers of the distributed benchmark: one Redis for everybody, PostgreSQL, and a NATS of its own for each sample. */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { freePort } from '../../../libs/local-servers/free-port.ts';
import { type PostgresServer, startPostgres } from '../../fixtures/servers/postgres-server.ts';
import { type RedisServer, startRedisServer } from '../../fixtures/servers/redis-server.ts';
import { type ServerProcess, startServerProcess } from '../../fixtures/servers/server-process.ts';
import { cpuSecondsOf } from './processes.ts';

/** Of the servers together and apart, in CPU seconds. */
export type ServersCpu = Readonly<Record<'redis' | 'nats' | 'postgres', number>>;

/** Servers as if they had just been set up. */
export interface CleanServers {
  readonly redisUrl: string;
  readonly redisPort: number;
  readonly natsUrl: string;
  readonly databaseUrl: string;
  readonly pids: Readonly<Record<'redis' | 'nats' | 'postgres', number>>;
  /** Used so far. */
  cpuSeconds(): ServersCpu;
}

export interface BenchServers {
  /** Empties Redis and gives a new database and a new NATS; what was given before is no longer to be used. */
  clean(): Promise<CleanServers>;
  stop(): Promise<void>;
}

/** As most deployments run it. A rewrite of the file in the middle of a sample would hit one contestant and not the next. */
const REDIS_ARGS = ['--appendfsync', 'everysec', '--auto-aof-rewrite-percentage', '0'];
const LOOK_EVERY_MS = 20;

/** Their data stand in `scratch`, on the disk of the repository; PostgreSQL's in the temporary folder. */
export async function startBenchServers(scratch: string): Promise<BenchServers> {
  const dir = mkdtempSync(join(scratch, 'redis-'));
  const redis = await startRedisServer({ appendonly: true, dir, args: REDIS_ARGS });
  const client = new Redis(redis.url);
  let postgres: PostgresServer | undefined;
  let nats: NatsOfSample | undefined;
  const stop = async (): Promise<void> => {
    client.disconnect();
    // Figures are not to be lost because a folder could not be removed.
    for (const ended of await Promise.allSettled([redis.stop(), postgres?.stop(), nats?.stop()])) {
      if (ended.status === 'rejected') console.error('a server did not end well:', ended.reason);
    }
  };
  try {
    postgres = await startPostgres();
  } catch (error) {
    await stop();
    throw error;
  }
  const clean = async (): Promise<CleanServers> => {
    await nats?.stop();
    nats = await startNats(scratch);
    await emptyRedis(client);
    return cleanServers(redis, nats, postgres, await postgres.newDatabase());
  };
  return { clean, stop };
}

function cleanServers(
  redis: RedisServer,
  nats: NatsOfSample,
  postgres: PostgresServer,
  databaseUrl: string,
): CleanServers {
  return {
    redisUrl: redis.url,
    redisPort: redis.port,
    natsUrl: nats.url,
    databaseUrl,
    pids: { redis: redis.pid, nats: nats.pid, postgres: postgres.pid },
    cpuSeconds: () => ({
      redis: cpuSecondsOf([redis.pid]),
      nats: cpuSecondsOf([nats.pid]),
      postgres: cpuSecondsOf([postgres.pid]),
    }),
  };
}

/** Empty, with a file that is empty too. */
async function emptyRedis(client: Redis): Promise<void> {
  await client.flushall();
  await client.call('BGREWRITEAOF');
  while (/^aof_rewrite_(?:in_progress|scheduled):1/m.test(await client.info('persistence'))) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

interface NatsOfSample {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

async function startNats(scratch: string): Promise<NatsOfSample> {
  const data = mkdtempSync(join(scratch, 'nats-'));
  const port = await freePort();
  const args = ['-a', '127.0.0.1', '-p', String(port), '-js', '-sd', data];
  const server: ServerProcess = await startServerProcess({ name: 'nats-server', command: 'nats-server', args, port });
  return {
    url: `nats://127.0.0.1:${port}`,
    pid: server.pid,
    stop: async () => {
      await server.stop();
      rmSync(data, { recursive: true, force: true });
    },
  };
}
