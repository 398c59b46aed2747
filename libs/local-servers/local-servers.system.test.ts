import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectNats } from '../bus/nats/connect.ts';
import { readEnvironment } from '../config/environment.ts';
import { type LocalServers, startLocalServers } from './local-servers.ts';
import { ProcessLedger, startOf } from './process-ledger.ts';

const find = { path: readEnvironment().PATH ?? '' };
let folder = '';
let servers: LocalServers | undefined;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'catena-servers-'));
  // The user postgres has to enter it.
  chmodSync(folder, 0o755);
});
afterAll(async () => {
  await servers?.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function start(): Promise<LocalServers> {
  servers = await startLocalServers({ folder, ledger: new ProcessLedger(join(folder, 'processes.json')), find });
  return servers;
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  // The connection of a refused statement is still open when the server is stopped.
  client.on('error', () => {});
  try {
    await client.connect();
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

describe('servers of this machine', () => {
  it('answer, keep their data, and leave nothing running', async () => {
    const first = await start();
    const redis = new Redis(first.redisUrl);
    await redis.set('kept', 'yes');
    redis.disconnect();
    await query(first.databaseUrl, 'CREATE TABLE kept AS SELECT 1 AS one');
    const pids = first.servers.map(({ pid }) => pid);
    expect(first.servers.map(({ name }) => name)).toEqual(['redis', 'nats', 'postgres']);
    await first.stop();
    await first.stop();
    expect(pids.map((pid) => startOf(pid))).toEqual([undefined, undefined, undefined]);
    expect(JSON.parse(readFileSync(join(folder, 'processes.json'), 'utf8'))).toEqual([]);

    const second = await start();
    const again = new Redis(second.redisUrl);
    expect(await again.get('kept')).toBe('yes');
    again.disconnect();
    expect(await query(second.databaseUrl, 'SELECT one FROM kept')).toEqual([{ one: 1 }]);
  });

  it('let no other user in: without a password, into files, or as an administrator', async () => {
    const { redisUrl, natsUrl, databaseUrl } = servers?.servers[0] === undefined ? await start() : servers;
    const bare = (url: string): string => Object.assign(new URL(url), { username: '', password: '' }).href;
    const asUser = (url: string, user: string): string => Object.assign(new URL(url), { username: user }).href;

    const redis = new Redis(bare(redisUrl), {
      maxRetriesPerRequest: 0,
      retryStrategy: () => null,
      enableReadyCheck: false,
    });
    redis.on('error', () => {});
    await expect(redis.get('kept')).rejects.toThrow(/NOAUTH|closed/);
    await expect(redis.call('CONFIG', 'SET', 'dir', '/tmp')).rejects.toThrow(/NOAUTH|closed/);
    redis.disconnect();
    const known = new Redis(redisUrl);
    for (const command of [
      ['CONFIG', 'SET', 'dir', '/tmp'],
      ['MODULE', 'LIST'],
      ['ACL', 'LIST'],
      ['SHUTDOWN'],
      ['FLUSHALL'],
    ]) {
      await expect(known.call(command[0]!, ...command.slice(1))).rejects.toThrow(/NOPERM/);
    }
    expect((await known.call('CONFIG', 'GET', 'appendonly')) as string[]).toEqual(['appendonly', 'yes']);
    known.disconnect();

    await expect(connectNats({ url: bare(natsUrl), name: 'test', timeoutMs: 2_000 })).rejects.toThrow();
    await (await connectNats({ url: natsUrl, name: 'test' })).close();

    for (const url of [
      asUser(bare(databaseUrl), 'catena'),
      ...['administrator', 'postgres', 'root'].map((user) => asUser(databaseUrl, user)),
    ]) {
      await expect(query(url, 'SELECT 1')).rejects.toThrow(/pg_hba|password|SASL/);
      await expect(query(url.replace(/\/catena$/, '/postgres'), 'SELECT 1')).rejects.toThrow(/pg_hba|password|SASL/);
    }
    expect(await query(databaseUrl, 'SELECT usesuper, usecreatedb FROM pg_user WHERE usename = current_user')).toEqual([
      { usesuper: false, usecreatedb: false },
    ]);
    for (const sql of [
      "COPY (SELECT 1) TO PROGRAM 'id'",
      "SELECT pg_read_file('/etc/passwd')",
      'CREATE ROLE other SUPERUSER',
      "COPY (SELECT 1) TO '/tmp/x'",
    ]) {
      await expect(query(databaseUrl, sql)).rejects.toThrow(/permission denied|must be/);
    }
  });

  it('keep passwords out of arguments, and folders closed', async () => {
    const { redisUrl, servers: running } = servers?.servers[0] === undefined ? await start() : servers;
    const { password } = new URL(redisUrl);
    const secrets = JSON.parse(readFileSync(join(folder, 'secrets.json'), 'utf8')) as Record<string, string>;
    expect(new Set(Object.values(secrets)).size).toBe(3);
    expect(secrets.redis).toBe(password);
    for (const { pid } of running) {
      const args = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      for (const secret of Object.values(secrets)) expect(args).not.toContain(secret);
    }
    const modeOf = (path: string): string => (statSync(join(folder, path)).mode & 0o777).toString(8);
    expect(['secrets.json', 'processes.json', 'redis/config', 'nats/config'].map(modeOf)).toEqual([
      '600',
      '600',
      '600',
      '600',
    ]);
    expect(['redis', 'nats', 'postgres', 'postgres/data'].map(modeOf)).toEqual(['700', '700', '700', '700']);
  });

  it('refuse data of servers without passwords', async () => {
    const old = join(folder, 'old');
    mkdirSync(join(old, 'postgres/data'), { recursive: true });
    const starting = startLocalServers({ folder: old, ledger: new ProcessLedger(join(old, 'processes.json')), find });
    await expect(starting).rejects.toMatchObject({
      code: 'servers.old_folder',
      remedy: expect.stringContaining('--fresh'),
    });
  });

  it('that a killed starter left behind are ended by the next one', async () => {
    const { servers: left } = servers ?? (await start());
    const ended = await new ProcessLedger(join(folder, 'processes.json')).endLeftovers();
    expect(ended.sort()).toEqual(['nats', 'postgres', 'redis']);
    await Promise.all(left.map((server) => server.ended));
    expect(left.map(({ pid }) => startOf(pid))).toEqual([undefined, undefined, undefined]);
  });
});
