/** What the servers of a deployment hold, as they say themselves. */
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import type { CleanServers } from '../distributed/servers.ts';

/** In bytes. */
export interface Held {
  readonly redis: number;
  readonly postgres: number;
  readonly nats: number;
}

export interface Storage {
  read(): Promise<Held>;
  /** Rows of a statement on the database. */
  query(text: string, values?: readonly unknown[]): Promise<readonly Record<string, unknown>[]>;
  close(): Promise<void>;
}

export async function openStorage({ redisUrl, natsUrl, databaseUrl }: CleanServers): Promise<Storage> {
  const redis = new Redis(redisUrl);
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  const connection = await connect({ servers: natsUrl });
  const { streams } = await jetstreamManager(connection);
  const query = async (text: string, values: readonly unknown[] = []) => (await client.query(text, [...values])).rows;
  return {
    read: async () => {
      const [memory, [database], names] = await Promise.all([
        redis.info('memory'),
        query('SELECT pg_database_size(current_database()) AS bytes'),
        streams.list().next(),
      ]);
      return {
        // Without the buffers of its file and its clients, which come and go.
        redis:
          figureOf(memory, 'used_memory') - figureOf(memory, 'mem_aof_buffer') - figureOf(memory, 'mem_clients_normal'),
        postgres: Number(database!.bytes),
        nats: names.reduce((sum, { state }) => sum + state.bytes, 0),
      };
    },
    query,
    close: async () => {
      redis.disconnect();
      await Promise.all([client.end(), connection.close()]);
    },
  };
}

function figureOf(memory: string, name: string): number {
  return Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(memory)?.[1] ?? Number.NaN);
}

/** The most of each, of what is read until `until` resolves. */
export async function mostHeld(storage: Storage, until: Promise<unknown>, everyMs = 200): Promise<Held> {
  let most = await storage.read();
  let ended = false;
  void until.then(
    () => (ended = true),
    () => (ended = true),
  );
  while (!ended) {
    await new Promise((resolve) => setTimeout(resolve, everyMs));
    const now = await storage.read();
    most = {
      redis: Math.max(most.redis, now.redis),
      postgres: Math.max(most.postgres, now.postgres),
      nats: Math.max(most.nats, now.nats),
    };
  }
  return most;
}
