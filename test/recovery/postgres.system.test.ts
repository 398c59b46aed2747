/** A PostgreSQL that fails in every way while a run is at work: no process ends, and the run ends as if nothing had been. */
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { startService } from '../fixtures/deployment/service-process.ts';
import { startDistributedFlow } from '../fixtures/distributed-node.ts';
import type { FlowNode, Settings } from '../fixtures/flow.ts';
import { tree, UNDISTURBED } from '../fixtures/modules/tree.ts';
import { startMovingAddress } from '../fixtures/servers/moving-address.ts';
import { type NatsServer, startNatsServer } from '../fixtures/servers/nats-server.ts';
import { type PostgresServer, startPostgres } from '../fixtures/servers/postgres-server.ts';
import { type RedisServer, startRedisServer } from '../fixtures/servers/redis-server.ts';

let redis: RedisServer;
let nats: NatsServer;
let postgres: PostgresServer;

beforeAll(async () => {
  [redis, nats, postgres] = await Promise.all([
    startRedisServer({ appendonly: true }),
    startNatsServer(),
    startPostgres({ settings: ['max_connections=24'] }),
  ]);
}, 120_000);
afterAll(async () => {
  await Promise.all([redis?.stop(), nats?.stop(), postgres?.stop()]);
});

async function settingsOf(more: Settings = {}): Promise<Settings> {
  return {
    ...{ 'cache.redis': redis.url, 'nats.url': nats.url, 'store.url': await postgres.newDatabase() },
    ...{ lease_ms: 3_000, dispatch_grace_ms: 1_000, 'retry.crash_budget': 50 },
    ...more,
  };
}

/** A client of the server that does not mind when it is cut off. */
async function clientOf(url: unknown): Promise<Client> {
  const client = new Client({ connectionString: String(url) });
  client.on('error', () => undefined);
  await client.connect();
  onTestFinished(() => client.end().catch(() => undefined));
  return client;
}

async function itemsOf({ store }: FlowNode, runId: string): Promise<unknown[]> {
  const items = await store.readItems({ runId, afterSeq: 0, limit: 10_000 });
  return items
    .map(({ data }) => data)
    .sort()
    .map((data) => JSON.parse(data) as unknown);
}

/** Runs a tree, and lets something happen to PostgreSQL when it is under way. */
async function runThrough(fault: (settings: Settings) => Promise<void>, more: Settings = {}): Promise<void> {
  const settings = await settingsOf(more);
  const node = await startDistributedFlow([tree], settings);
  const { runId } = await node.submit({ account: 'a', platform: 'p', modules: [tree.id], input: {}, metadata: {} });
  await vi.waitFor(async () => {
    const run = await node.coordinator.findRun(runId);
    expect(run?.modules[0]?.phases[0]?.done).toBeGreaterThan(30);
  }, 30_000);
  await fault(settings);
  await vi.waitFor(async () => expect((await node.store.findRun(runId))?.state).toBe('closed'), {
    timeout: 90_000,
    interval: 200,
  });
  expect(await itemsOf(node, runId)).toEqual(UNDISTURBED);
}

describe('a run goes on (O2)', () => {
  it.each(['SIGQUIT', 'SIGINT', 'SIGKILL'] as const)('when PostgreSQL gets %s and starts again', async (signal) => {
    await runThrough(async () => {
      await postgres.halt(signal);
      await delay(1_500);
      await postgres.start();
    });
  });

  it('when its connections are cut again and again', async () => {
    await runThrough(async ({ 'store.url': url }) => {
      const client = await clientOf(url);
      for (let times = 0; times < 20; times += 1) {
        await client.query(
          'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()',
        );
        await delay(100);
      }
    });
  });

  it('when the server has no connection left for it', async () => {
    await runThrough(async ({ 'store.url': url }) => {
      const client = await clientOf(url);
      const crowd: Client[] = [];
      try {
        for (;;) crowd.push(await clientOf(url));
      } catch (error) {
        expect(error).toMatchObject({ code: '53300' });
      }
      await client.query(
        'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND application_name = $1',
        ['catena'],
      );
      try {
        for (;;) crowd.push(await clientOf(url));
      } catch {
        // All places are taken now, those of the node too.
      }
      await delay(2_000);
      await Promise.all(crowd.map((each) => each.end().catch(() => undefined)));
    });
  });

  it('with a pool of one connection, whose statements are held up', async () => {
    await runThrough(
      async ({ 'store.url': url }) => {
        const client = await clientOf(url);
        await client.query('BEGIN');
        await client.query('LOCK TABLE items, runs IN ACCESS EXCLUSIVE MODE');
        await delay(2_500);
        await client.query('ROLLBACK');
      },
      { 'store.connections': 1, 'store.timeout_ms': 500 },
    );
  });

  it('when the server takes no writes for a while, as a standby does', async () => {
    await runThrough(async ({ 'store.url': url }) => {
      const client = await clientOf(url);
      const database = new URL(String(url)).pathname.slice(1);
      const cut = () =>
        client.query(
          'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()',
        );
      await client.query(`ALTER DATABASE ${database} SET default_transaction_read_only = on`);
      await cut();
      await delay(2_500);
      await client.query('SET default_transaction_read_only = off');
      // Connections that were made meanwhile stay read-only: the node must leave them by itself.
      await client.query(`ALTER DATABASE ${database} RESET default_transaction_read_only`);
    });
  });

  it('when its disk is full for a while', async () => {
    await runThrough(async ({ 'store.url': url }) => {
      const client = await clientOf(url);
      await client.query(`CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$`);
      await client.query('CREATE TRIGGER full_disk BEFORE INSERT OR UPDATE ON items EXECUTE FUNCTION full_disk()');
      await delay(2_500);
      await client.query('DROP TRIGGER full_disk ON items');
    });
  });
});

it('a run goes on at the standby that was promoted, behind an address that stays, and loses nothing', async () => {
  const primary = await startPostgres({ fsync: false });
  onTestFinished(() => primary.stop());
  const databaseUrl = new URL(await primary.newDatabase());
  const standby = await startPostgres({ standbyOf: primary, fsync: false });
  onTestFinished(() => standby.stop());
  const client = await clientOf(primary.url);
  await client.query("ALTER SYSTEM SET synchronous_standby_names = '*'");
  await client.query('SELECT pg_reload_conf()');
  const address = await startMovingAddress(primary.port);
  onTestFinished(() => address.close());
  databaseUrl.port = String(address.port);
  await runThrough(
    async () => {
      await primary.halt('SIGKILL');
      await standby.promote();
      address.moveTo(standby.port);
    },
    { 'store.url': databaseUrl.href },
  );
});

it('a process that starts before PostgreSQL waits for it, says so, and goes on', async () => {
  const settings = await settingsOf();
  await postgres.halt('SIGINT');
  const waits = Promise.withResolvers<void>();
  const starting = startService({
    onLine: ({ msg }) => msg === 'the start waits for a server' && waits.resolve(),
    name: 'parser',
    args: ['services/parser/main.ts'],
    env: {
      CATENA_CACHE_REDIS: redis.url,
      CATENA_NATS_URL: nats.url,
      CATENA_STORE_URL: String(settings['store.url']),
      CATENA_MODULES_FILES: 'examples/smallest/shop.ts',
      CATENA_GRPC_LISTEN: '127.0.0.1:0',
    },
  });
  await Promise.race([waits.promise, starting]);
  await postgres.start();
  const service = await starting;
  onTestFinished(async () => void (await service.stop()));
  const said = service.log.map(({ msg, server }) => `${msg}${server === undefined ? '' : `: ${server}`}`);
  expect(said).toContain('the start waits for a server: PostgreSQL');
  expect(said.indexOf('the server answers; the start goes on: PostgreSQL')).toBeGreaterThan(0);
});
