/** Catena needs no more rights on its servers than the files in `deploy/` give. */
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { expect, it, onTestFinished } from 'vitest';
import shop from '../../examples/shop/shop.ts';
import { startShopSite } from '../../examples/shop/site/site.ts';
import { loadConfig } from '../../libs/config/load-config.ts';
import { examineDeployment } from '../../services/node/doctor.ts';
import { migrateStore } from '../../services/node/recover.ts';
import { startDistributedFlow } from '../fixtures/distributed-node.ts';
import { tree, UNDISTURBED } from '../fixtures/modules/tree.ts';
import { startNatsServer } from '../fixtures/servers/nats-server.ts';
import { startPostgres } from '../fixtures/servers/postgres-server.ts';
import { startRedisServer } from '../fixtures/servers/redis-server.ts';

async function run(url: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

it('whole runs need no other rights than those of users.acl and roles.sql, and the user has no more', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'catena-acl-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const acl = join(folder, 'users.acl');
  await cp('deploy/redis/users.acl', acl);
  const redis = await startRedisServer({ appendonly: true, args: ['--aclfile', acl] });
  onTestFinished(() => redis.stop());
  const nats = await startNatsServer();
  onTestFinished(() => nats.stop());
  const postgres = await startPostgres();
  onTestFinished(() => postgres.stop());
  const superuser = await postgres.newDatabase();
  await run(superuser, await readFile('deploy/postgres/roles.sql', 'utf8'));
  const as = (role: string) => {
    const url = new URL(superuser);
    url.username = role;
    return url.href;
  };
  const settings = {
    'cache.redis': redis.url.replace('//', '//catena:change-me@'),
    'nats.url': nats.url,
    'store.url': as('catena_app'),
    dispatch_grace_ms: 1_000,
  };
  const loaded = loadConfig({ env: {}, overrides: settings });

  const before = await examineDeployment(loaded);
  expect(before).toContainEqual(
    expect.objectContaining({ subject: 'PostgreSQL', property: 'permissions', severity: 'error' }),
  );
  await migrateStore(loadConfig({ env: {}, overrides: { ...settings, 'store.url': as('catena_owner') } }));
  const after = await examineDeployment(loaded);
  expect(after.filter(({ severity }) => severity === 'error' || severity === 'unanswered')).toEqual([]);

  const site = await startShopSite({ products: 40, pageSize: 10, seed: 3 });
  onTestFinished(() => site.close());
  const node = await startDistributedFlow([tree, shop], settings);
  const submit = (module: string, input: object) =>
    node.submit({ account: 'a', platform: 'p', modules: [module], input, metadata: {} });
  const runs = [await submit(tree.id, {}), await submit(shop.id, { base: site.url })];
  for (const { runId } of runs) await node.closed(runId);
  const items = await node.store.readItems({ runId: runs[0]!.runId, afterSeq: 0, limit: 10_000 });
  expect(items.map(({ data }) => data).sort()).toEqual(UNDISTURBED.map((item) => JSON.stringify(item)).sort());
  expect((await node.store.findRun(runs[1]!.runId))?.end).toMatchObject({ finishReason: 'completed', items: 40 });
  // Expiry reads and deletes what nothing else does.
  await node.coordinator.runPurge({ runId: runs[0]!.runId, limit: 500 });

  const client = new Redis(settings['cache.redis']);
  onTestFinished(() => client.disconnect());
  await expect(client.flushall()).rejects.toThrow(/NOPERM/);
  await expect(client.set('other', '1')).rejects.toThrow(/NOPERM/);
  await expect(client.keys('*')).rejects.toThrow(/NOPERM/);
  await expect(client.config('SET', 'appendonly', 'no')).rejects.toThrow(/NOPERM/);
  await expect(client.eval("return redis.call('FLUSHALL')", 0)).rejects.toThrow(/can't run this command|NOPERM/);
  await expect(run(as('catena_app'), 'DROP TABLE runs')).rejects.toMatchObject({ code: '42501' });
  await expect(run(as('catena_app'), 'TRUNCATE items')).rejects.toMatchObject({ code: '42501' });
  await expect(run(as('catena_app'), 'CREATE TABLE mine (id INTEGER)')).rejects.toMatchObject({ code: '42501' });
});
