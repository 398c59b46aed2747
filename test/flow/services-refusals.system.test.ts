/** What real service processes refuse: servers that would lose what is promised, callers, and messages of others. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstream } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { startShopSite } from '../../examples/shop/site/site.ts';
import { RECEIVER, type SubjectKind } from '../../libs/contracts/chain.ts';
import { IngressDefinition } from '../../libs/contracts/services.ts';
import { openPostgresStore } from '../../libs/store/postgres/index.ts';
import { createGrpcClient } from '../../libs/transport/grpc/client.ts';
import { type Servers, startDeployment, startServers } from '../fixtures/deployment/deployment.ts';
import { closedRun, itemsOfRun, submitRun } from '../fixtures/deployment/runs.ts';
import { startService } from '../fixtures/deployment/service-process.ts';
import { startNatsServer } from '../fixtures/servers/nats-server.ts';
import { startRedisServer } from '../fixtures/servers/redis-server.ts';

const SHOP = 'examples/shop/shop.ts';

describe('a process on servers that are not fit', () => {
  let servers: Servers;
  beforeAll(async () => {
    servers = await startServers();
  }, 120_000);
  afterAll(() => servers?.stop());

  const start = (env: Record<string, string>) =>
    startService({
      name: 'downloader',
      args: ['services/downloader/main.ts'],
      env: {
        CATENA_CACHE_REDIS: servers.redis.url,
        CATENA_NATS_URL: servers.nats.url,
        CATENA_STORE_URL: servers.databaseUrl,
        CATENA_MODULES_FILES: SHOP,
        CATENA_GRPC_LISTEN: '127.0.0.1:0',
        ...env,
      },
    });

  it('does not start on a Redis that evicts, and says what to set', async () => {
    const redis = await startRedisServer({ appendonly: true, args: ['--maxmemory-policy', 'allkeys-lru'] });
    onTestFinished(() => redis.stop());
    await expect(start({ CATENA_CACHE_REDIS: redis.url })).rejects.toThrow(
      /ended before it was ready \(2\).*service\.unfit_server.*maxmemory-policy.*noeviction/s,
    );
  });

  it('does not start on a Redis that forgets, unless that is allowed', async () => {
    const redis = await startRedisServer({ appendonly: false });
    onTestFinished(() => redis.stop());
    await expect(start({ CATENA_CACHE_REDIS: redis.url })).rejects.toThrow(
      /ended before it was ready \(2\).*service\.unfit_server.*appendonly.*cache\.allow_loss/s,
    );
    const allowed = await start({ CATENA_CACHE_REDIS: redis.url, CATENA_CACHE_ALLOW_LOSS: 'true' });
    onTestFinished(async () => void (await allowed.stop()));
    expect(allowed.log.map(({ msg }) => msg)).toContain('a server check found a setting that could be safer');
  });

  it('does not serve a module whose steps are others than those of the same version elsewhere (O9)', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'catena-contract-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const write = async (name: string, ...steps: readonly string[]) => {
      const declared = steps.map((step) => `${step}: computeStep()`).join(', ');
      const written = steps.map((step) => `${step}: { *run() {} }`).join(', ');
      await writeFile(
        join(folder, name),
        `import { computeStep, defineModule } from 'catena';
        import { z } from 'zod';
        export default defineModule({ name: 'two', version: '1.0.0', input: z.object({}), steps: { ${declared} } })
          .implement({ *start() {}, steps: { ${written} } });`,
      );
      return join(folder, name);
    };
    const database = await servers.postgres.newDatabase();
    const startWith = (file: string) => start({ CATENA_STORE_URL: database, CATENA_MODULES_FILES: file });
    const first = await startWith(await write('first.ts', 'list', 'detail'));
    onTestFinished(async () => void (await first.stop()));
    await expect(startWith(await write('second.ts', 'detail', 'list'))).rejects.toThrow(
      /ended before it was ready \(2\).*module\.contract_changed.*steps\.0\.name was.*list.*and is.*detail/s,
    );
    const third = await startWith(await write('third.ts', 'list', 'detail'));
    onTestFinished(async () => void (await third.stop()));
  });

  it('does not start on a NATS without JetStream', async () => {
    const nats = await startNatsServer({ jetstream: false });
    onTestFinished(() => nats.stop());
    await expect(start({ CATENA_NATS_URL: nats.url })).rejects.toThrow(
      /ended before it was ready \(2\).*JetStream.*-js/s,
    );
  });
});

const TOKENS = {
  service: 'between-services-0123456789',
  submitter: 'who-submits-0123456789',
  reader: 'who-reads-0123456789',
};

it('callers without a token or with a wrong role are refused; the others, and the services, get on', async () => {
  const site = await startShopSite({ products: 4, pageSize: 4, seed: 5 });
  onTestFinished(() => site.close());
  const deployment = await startDeployment({
    modules: [SHOP],
    env: {
      CATENA_GRPC_TOKENS: Object.entries(TOKENS)
        .map(([role, token]) => `${role}:${token}`)
        .join(','),
      CATENA_GRPC_TOKEN: TOKENS.service,
      CATENA_ROBOTS_ENABLED: 'false',
    },
  });
  onTestFinished(() => deployment.stop());
  const { port } = deployment.services.find(({ name }) => name === 'ingress')!;
  const callsAs = (token?: string) => {
    const client = createGrpcClient(IngressDefinition, {
      target: `127.0.0.1:${port}`,
      ...{ token, deadlineMs: 20_000, maxMessageBytes: 1_048_576 },
    });
    onTestFinished(() => client.close());
    return { ...deployment, ingress: client.calls };
  };
  const submitted = (token?: string) => submitRun(callsAs(token), 'shop', { base: site.url });
  await expect(submitted()).rejects.toMatchObject({ code: 'grpc.unauthenticated' });
  await expect(submitted('somebody-else-0123456789')).rejects.toMatchObject({ code: 'grpc.unauthenticated' });
  await expect(submitted(TOKENS.reader)).rejects.toMatchObject({ code: 'grpc.permission_denied' });
  const runId = await submitted(TOKENS.submitter);
  expect((await closedRun(callsAs(TOKENS.reader), runId)).end).toMatchObject({ items: 4, dead: 0 });
});

it('messages of others are kept aside on every subject, and the run beside them loses nothing', async () => {
  const site = await startShopSite({ products: 60, pageSize: 20, seed: 5 });
  onTestFinished(() => site.close());
  const env = { CATENA_ROBOTS_ENABLED: 'false', CATENA_LIMITS_REQUESTS_PER_SECOND: '50' };
  const deployment = await startDeployment({ modules: [SHOP], env });
  onTestFinished(() => deployment.stop());
  const { nats, databaseUrl } = deployment.servers;
  const foreign = await connect({ servers: nats.url });
  onTestFinished(() => foreign.close());

  const runId = await submitRun(deployment, 'shop', { base: site.url });
  const kinds = Object.keys(RECEIVER) as SubjectKind[];
  const bodies = [Buffer.alloc(0), Buffer.from('{"hello":"world"}'), Buffer.alloc(200, 255), Buffer.alloc(900_000, 7)];
  for (const kind of kinds) {
    for (const body of bodies) await jetstream(foreign).publish(`chain.${kind}.shop@1%2E0%2E0`, body);
  }
  const store = await openPostgresStore({ url: databaseUrl, connections: 1, timeoutMs: 10_000 });
  onTestFinished(() => store.close());
  await vi.waitFor(
    async () => {
      const kept = await store.listForeignMessages(1_000);
      expect(kept).toHaveLength(kinds.length * bodies.length);
      expect(new Set(kept.map(({ subject }) => subject.split('.')[1]))).toEqual(new Set(kinds));
    },
    { timeout: 60_000, interval: 100 },
  );
  expect((await closedRun(deployment, runId)).end).toMatchObject({ items: 60, dead: 0 });
  expect(await itemsOfRun(deployment, runId)).toHaveLength(60);
  for (const { name, child, log } of deployment.services) {
    expect([name, child.exitCode, child.signalCode]).toEqual([name, null, null]);
    if (name === 'parser')
      expect(log.some(({ msg }) => msg === 'the bus refused a foreign message; the store records it')).toBe(true);
  }
});

it('K6: items as large as an item may be, in characters of three bytes, are read over the API, and a larger one is refused where it is put', async () => {
  const deployment = await startDeployment({
    modules: ['test/fixtures/modules/large-items.ts'],
    services: ['all'],
  });
  onTestFinished(() => deployment.stop());
  const input = { chars: 1_024 * 1_024 - 100, items: 5, tooLarge: 5 * 1_024 * 1_024 };
  const runId = await submitRun(deployment, 'large-items', input);
  const { end } = await closedRun(deployment, runId);
  expect(end).toMatchObject({ items: 5, dead: 1 });
  expect(end!.failures.map(({ code }) => code)).toEqual(['module.item_too_large']);
  expect(await itemsOfRun(deployment, runId)).toHaveLength(5);
});
