/** The cells of the table in docs/guides/durability.md that no other suite shows: what an answered commit survives. */
import { Redis } from 'ioredis';
import { describe, expect, it, onTestFinished } from 'vitest';
import { CommitCode } from '../../libs/coordination/protocol/commits.ts';
import { defaultPolicy } from '../../libs/coordination/protocol/policy.ts';
import { checkRedisAt } from '../../libs/coordination/redis/capabilities.ts';
import { openRedisCoordinator, type RedisCoordinator } from '../../libs/coordination/redis/index.ts';
import { DISTRIBUTED_SHARDS } from '../../libs/keys/keys.ts';
import { startRedisSentinel } from '../fixtures/servers/redis-sentinel.ts';
import { startRedisServer } from '../fixtures/servers/redis-server.ts';

const NODES = 400;
const ids = Array.from({ length: NODES }, (_, at) => `n${at}`);
const RUN = 'run-1';
const hop = (id: string) => ({ id, kind: 'hop', phase: 0, stepIdx: 0, prefixRequest: '', body: '{}' }) as const;
const ref = (id: string) => ({ id, runId: RUN, moduleId: 'm', phase: 0 });

async function open(
  redis: Parameters<typeof openRedisCoordinator>[0]['redis'],
  replicas = 0,
  commandTimeoutMs = 20_000,
): Promise<RedisCoordinator> {
  const shared = { shards: DISTRIBUTED_SHARDS, policy: defaultPolicy, incarnation: 1 };
  const coordinator = await openRedisCoordinator({ ...shared, redis, replicas, commandTimeoutMs });
  onTestFinished(() => coordinator.close());
  return coordinator;
}

function openRun(on: RedisCoordinator) {
  return on.runOpen({
    runId: RUN,
    modules: [{ moduleId: 'm', phases: [{ join: { kind: 'settle' } }], first: ids.map(hop) }],
  });
}

async function finish(on: RedisCoordinator, id: string): Promise<number> {
  const claim = {
    node: ref(id),
    epoch: 0,
    owner: `of-${id}`,
    stage: 'module-processor',
    leaseMs: 60_000,
    alone: false,
  } as const;
  const token = (await on.claim(claim)).node?.token ?? 'none';
  return (await on.commitSuccess({ node: ref(id), token, children: [], staged: 0, wakeUps: 0 })).code;
}

describe('strict, with a replica', () => {
  it('an answered commit survives a primary that is killed while commits go on', async () => {
    const servers = await startRedisSentinel();
    onTestFinished(() => servers.stop());
    const coordinator = await open({ url: servers.url, topology: 'sentinel' }, 1);
    await openRun(coordinator);
    const answered = new Set<string>();
    const working = (async () => {
      for (const id of ids) {
        const code = await finish(coordinator, id).catch(() => undefined);
        if (code === CommitCode.COMMIT_OK || code === CommitCode.ALREADY_COMMITTED) answered.add(id);
      }
    })();
    await new Promise((resolve) => setTimeout(resolve, 50));
    const old = await servers.primary();
    await old.halt('SIGKILL');
    const before = new Set(answered);
    // Until another primary answers.
    await finish(coordinator, ids.at(-1)!).catch(() => undefined);
    for (const id of before) expect(await coordinator.findNode(ref(id))).toMatchObject({ id, state: 'done' });
    await old.start();
    await working;
  });

  it('a commit is not answered before a replica has it, and is answered when one has', async () => {
    const primary = await startRedisServer({ appendonly: true });
    onTestFinished(() => primary.stop());
    const coordinator = await open(primary.url, 1, 1_000);
    await expect(openRun(coordinator)).rejects.toMatchObject({
      code: 'coordinator.not_replicated',
      class: 'retryable',
    });
    const replica = await startRedisServer({ args: ['--replicaof', `127.0.0.1 ${primary.port}`] });
    onTestFinished(() => replica.stop());
    await expect
      .poll(
        () =>
          openRun(coordinator).then(
            ({ code }) => code,
            () => 'not yet',
          ),
        { timeout: 60_000 },
      )
      .toBe(1);
    expect(await finish(coordinator, 'n1')).toBe(CommitCode.COMMIT_OK);
    const reader = new Redis(replica.url);
    onTestFinished(() => reader.disconnect());
    expect(await reader.exists('chain:{s00}:marker', ...(await reader.keys('*ptm:n1')))).toBe(1);
  });
});

it.each(['everysec', 'always'])('appendfsync %s: an answered commit survives a Redis that is killed', async (fsync) => {
  const server = await startRedisServer({ appendonly: true, args: ['--appendfsync', fsync] });
  onTestFinished(() => server.stop());
  const coordinator = await open(server.url);
  await openRun(coordinator);
  for (const id of ids.slice(0, 100)) await finish(coordinator, id);
  await server.restart('SIGKILL');
  const states = await Promise.all(ids.slice(0, 100).map(async (id) => (await coordinator.findNode(ref(id)))?.state));
  expect(new Set(states)).toEqual(new Set(['done']));
});

it('strict refuses a Redis that syncs each second only: a loss of power would lose what was answered', async () => {
  const server = await startRedisServer({ appendonly: true, args: ['--appendfsync', 'everysec'] });
  onTestFinished(() => server.stop());
  expect(await checkRedisAt(server.url, { isStrict: true })).toMatchObject([
    { level: 'loss', problem: expect.stringContaining('cache.durability is strict') },
  ]);
  expect(await checkRedisAt(server.url)).toEqual([]);
});
