/** A coordinator follows its Redis: to another primary, another connection, another certificate. */
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { CommitCode } from '../../libs/coordination/protocol/commits.ts';
import { defaultPolicy } from '../../libs/coordination/protocol/policy.ts';
import type { RedisNotice } from '../../libs/coordination/redis/connection/connect.ts';
import type { RedisSource } from '../../libs/coordination/redis/connection/source.ts';
import { openRedisCoordinator, type RedisCoordinator } from '../../libs/coordination/redis/index.ts';
import { DISTRIBUTED_SHARDS } from '../../libs/keys/keys.ts';
import { freePort } from '../../libs/local-servers/free-port.ts';
import { makeAuthority } from '../fixtures/grpc/certificates.ts';
import { startMovingAddress } from '../fixtures/servers/moving-address.ts';
import { startRedisCluster } from '../fixtures/servers/redis-cluster.ts';
import { startRedisSentinel } from '../fixtures/servers/redis-sentinel.ts';
import { type RedisServer, startRedisServer } from '../fixtures/servers/redis-server.ts';
import { startServerProcess } from '../fixtures/servers/server-process.ts';

const RUN = 'run-1';
const hop = (id: string) =>
  ({ id, kind: 'hop', phase: 0, stepIdx: 0, prefixRequest: '', body: `{"id":"${id}"}` }) as const;

/** Long enough for every failover here; a coordinator that does not follow needs all of it, and fails. */
const TIMEOUT_MS = 20_000;

async function open(redis: RedisSource, notices: RedisNotice[] = []): Promise<RedisCoordinator> {
  const coordinator = await openRedisCoordinator({
    ...{ redis, shards: DISTRIBUTED_SHARDS, policy: defaultPolicy, incarnation: 1, commandTimeoutMs: TIMEOUT_MS },
    onNotice: (notice) => notices.push(notice),
  });
  onTestFinished(() => coordinator.close());
  return coordinator;
}

function openRun(on: RedisCoordinator, runId = RUN, ids: readonly string[] = ['a', 'b']) {
  const phases = [{ join: { kind: 'settle' } }] as const;
  return on.runOpen({ runId, modules: [{ moduleId: 'm', phases, first: ids.map(hop) }] });
}

async function finish(on: RedisCoordinator, id: string, runId = RUN): Promise<number> {
  const node = { id, runId, moduleId: 'm', phase: 0 };
  const claim = {
    node,
    epoch: 0,
    owner: `of-${id}`,
    stage: 'module-processor',
    leaseMs: 30_000,
    alone: false,
  } as const;
  const token = (await on.claim(claim)).node?.token ?? 'none';
  return (await on.commitSuccess({ node, token, children: [], staged: 0, wakeUps: 0 })).code;
}

async function startRedis(args: readonly string[] = []): Promise<RedisServer> {
  const server = await startRedisServer({ appendonly: true, args });
  onTestFinished(() => server.stop());
  return server;
}

async function tell(server: RedisServer, ...command: [string, ...string[]]): Promise<unknown> {
  const redis = new Redis(server.url);
  try {
    return await redis.call(...command);
  } finally {
    redis.disconnect();
  }
}

describe('behind an address that stays (O3)', () => {
  /** Two servers in step, the address at the first, and a run. */
  async function openPair() {
    const first = await startRedis();
    const second = await startRedis(['--replicaof', `127.0.0.1 ${first.port}`]);
    const address = await startMovingAddress(first.port);
    onTestFinished(() => address.close());
    const coordinator = await open(`redis://127.0.0.1:${address.port}`);
    await openRun(coordinator);
    expect(await finish(coordinator, 'a')).toBe(CommitCode.COMMIT_OK);
    await vi.waitFor(async () => expect(await tell(second, 'DBSIZE')).toBe(await tell(first, 'DBSIZE')), 10_000);
    return { first, second, address, coordinator };
  }

  it('READONLY: a primary that becomes a replica while its connections stay open is left', async () => {
    const { first, second, address, coordinator } = await openPair();
    await tell(second, 'REPLICAOF', 'NO', 'ONE');
    address.moveTo(second.port);
    await tell(first, 'REPLICAOF', '127.0.0.1', String(second.port));
    await expect(finish(coordinator, 'b')).resolves.toBe(CommitCode.COMMIT_OK);
    expect(await coordinator.findRun(RUN)).toMatchObject({ state: 'closing' });
  });

  it('READONLY: a call waits for the primary, and needs no second failover to find it', async () => {
    const { first, second, address, coordinator } = await openPair();
    await tell(first, 'REPLICAOF', '127.0.0.1', String(second.port));
    const finished = finish(coordinator, 'b');
    const before = address.accepted;
    await vi.waitFor(() => expect(address.accepted).toBeGreaterThan(before + 1), 10_000);
    await tell(second, 'REPLICAOF', 'NO', 'ONE');
    address.moveTo(second.port);
    await expect(finished).resolves.toBe(CommitCode.COMMIT_OK);
  });

  it('MASTERDOWN: a replica that has lost its primary is left', async () => {
    const { first, second, address, coordinator } = await openPair();
    await tell(second, 'REPLICAOF', 'NO', 'ONE');
    address.moveTo(second.port);
    await tell(first, 'CONFIG', 'SET', 'replica-serve-stale-data', 'no');
    await tell(first, 'REPLICAOF', '127.0.0.1', '1');
    await expect(finish(coordinator, 'b')).resolves.toBe(CommitCode.COMMIT_OK);
  });

  it('silence: a connection that is half open is left', async () => {
    const { address, coordinator } = await openPair();
    address.silence();
    await expect(finish(coordinator, 'b')).resolves.toBe(CommitCode.COMMIT_OK);
  });
});

it('LOADING: a call waits until a server has read its data again', async () => {
  const server = await startRedis(['--key-load-delay', '1000']);
  const coordinator = await open(server.url);
  await openRun(
    coordinator,
    RUN,
    Array.from({ length: 400 }, (_, at) => `n${at}`),
  );
  // A snapshot is read key by key, each with the delay.
  await tell(server, 'BGREWRITEAOF');
  await vi.waitFor(
    async () => expect(await tell(server, 'INFO', 'persistence')).toMatch(/aof_rewrite_in_progress:0/),
    20_000,
  );
  await server.restart('SIGKILL');
  expect(await finish(coordinator, 'n7')).toBe(CommitCode.COMMIT_OK);
});

it('Sentinels: calls go on at the replica that was promoted, and at the next one', async () => {
  const servers = await startRedisSentinel({ sentinels: 3 });
  onTestFinished(() => servers.stop());
  const notices: RedisNotice[] = [];
  const coordinator = await open({ url: servers.url, topology: 'sentinel', masterName: 'mymaster' }, notices);
  await openRun(coordinator, RUN, ['a', 'b', 'c']);
  await servers.inStep();
  const failedOver = servers.failover();
  expect(await finish(coordinator, 'a')).toBe(CommitCode.COMMIT_OK);
  await failedOver;
  await servers.failover();
  await expect(finish(coordinator, 'b')).resolves.toBe(CommitCode.COMMIT_OK);
  expect(notices.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['disconnected', 'reconnected']));
});

it('CLUSTERDOWN: a call waits until the Cluster is whole again', async () => {
  const cluster = await startRedisCluster();
  onTestFinished(() => cluster.stop());
  const coordinator = await open({
    url: `redis://${cluster.ports.map((port) => `127.0.0.1:${port}`).join(',')}`,
    topology: 'cluster',
  });
  const runs = Array.from({ length: 12 }, (_, at) => `run-${at}`);
  for (const runId of runs) await openRun(coordinator, runId, [`${runId}-a`]);
  await cluster.nodes[1]!.halt('SIGKILL');
  const finished = Promise.all(runs.map((runId) => finish(coordinator, `${runId}-a`, runId)));
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  await cluster.nodes[1]!.start();
  await cluster.whole();
  expect(new Set(await finished)).toEqual(new Set([CommitCode.COMMIT_OK]));
});

it('MOVED: a node of a Cluster that is addressed as a single server says which setting is wrong', async () => {
  const cluster = await startRedisCluster();
  onTestFinished(() => cluster.stop());
  const coordinator = await openRedisCoordinator({
    ...{ redis: cluster.nodes[0]!.url, shards: DISTRIBUTED_SHARDS, policy: defaultPolicy, incarnation: 1 },
    commandTimeoutMs: 1_000,
  });
  onTestFinished(() => coordinator.close());
  const opening = Promise.all(Array.from({ length: 12 }, (_, at) => openRun(coordinator, `run-${at}`, [`a${at}`])));
  await expect(opening).rejects.toMatchObject({
    code: 'coordinator.unavailable',
    remedy: expect.stringContaining('cache.topology'),
  });
});

it('TLS: renewed certificates are used by the next connection, without a restart of the process', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'catena-redis-tls-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const port = await freePort();
  /** Both sides get certificates of an authority of its own. */
  const renew = async (generation: string) => {
    const authority = makeAuthority(join(folder, generation));
    const [server, client] = [authority.issue('server'), authority.issue('client')];
    await cp(client.cert, join(folder, 'cert.pem'));
    await cp(client.key, join(folder, 'key.pem'));
    await cp(client.ca, join(folder, 'ca.pem'));
    return startServerProcess({
      ...{ name: 'redis-server', command: 'redis-server', port },
      args: [
        ...['--port', '0', '--tls-port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--appendonly', 'yes'],
        ...['--tls-cert-file', server.cert, '--tls-key-file', server.key, '--tls-ca-cert-file', server.ca],
      ],
    });
  };
  const first = await renew('first');
  onTestFinished(() => first.stop());
  const coordinator = await open({
    url: `rediss://localhost:${port}`,
    topology: 'single',
    tls: { ca: join(folder, 'ca.pem'), cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') },
  });
  await openRun(coordinator);
  expect(await finish(coordinator, 'a')).toBe(CommitCode.COMMIT_OK);
  await first.stop();
  const second = await renew('second');
  onTestFinished(() => second.stop());
  await expect(finish(coordinator, 'b')).resolves.toBe(CommitCode.COMMIT_OK);
});
